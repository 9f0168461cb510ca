"""The Media APIs: send a file, have something done to it, fetch what came out."""

from dolbyio_nb.media.analyses import Analysis, Diagnosis, MusicAnalysis, SpeechAnalysis
from dolbyio_nb.media.jobs import Job
from dolbyio_nb.media.listing import JobRecord, Webhook, WebhookInfo
from dolbyio_nb.media.media import Media
from dolbyio_nb.media.polling import PollSchedule
from dolbyio_nb.media.results import MediaResult, Output, Result

__all__ = [
    "Analysis",
    "Diagnosis",
    "Job",
    "JobRecord",
    "Media",
    "MediaResult",
    "MusicAnalysis",
    "Output",
    "PollSchedule",
    "Result",
    "SpeechAnalysis",
    "Webhook",
    "WebhookInfo",
]
