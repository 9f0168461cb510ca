"""Operations of the Media APIs: enhance, diagnose, analyze, transcode, master."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dolbyio_nb.media.api import Api
from dolbyio_nb.media.arguments import checked
from dolbyio_nb.media.inputs import Input, Source, read_input, read_inputs
from dolbyio_nb.media.job_result import JobSpec
from dolbyio_nb.media.jobs import Job
from dolbyio_nb.media.ledger import LedgerEntry, record_job
from dolbyio_nb.media.locations import new_input, new_output, unsigned
from dolbyio_nb.media.options import as_sent, cut_of, cuts, master_kind, mastering, suffix_of, without_none
from dolbyio_nb.media.outputs import Destination, Target, choose_renditions, choose_target
from dolbyio_nb.media.parameters import (
    AnalyzedContent,
    Audio,
    AudioTrack,
    Content,
    ContentType,
    DynamicEq,
    Extra,
    Image,
    Intensity,
    Kind,
    Level,
    Limits,
    Location,
    MasterKind,
    MasterLoudness,
    Metering,
    OnComplete,
    Options,
    Pair,
    Piece,
    Preset,
    Region,
    Rendition,
    Segment,
    Switchable,
    VideoTrack,
)
from dolbyio_nb.media.polling import PollSchedule, SharedPoll
from dolbyio_nb.media.transfer import Storage


class Operations:
    """The processing APIs. Each method starts a job; `job.result()` waits for what comes out.

    Every method has `on_complete`, an address that the service calls when the job has ended (or
    `{"url": ..., "headers": ...}`), and `extra`, a mapping merged into the request for what the service may
    add. What a method does not know is refused before anything is sent.
    """

    def __init__(self, api: Api, storage: Storage, schedule: PollSchedule) -> None:
        self._api, self._storage, self._schedule = api, storage, schedule
        self._poll = SharedPoll(api, schedule.clock)

    @checked
    def enhance(
        self,
        source: Source,
        *,
        output: Destination | None = None,
        content: ContentType | Content | None = None,
        audio: Audio | None = None,
        region: Region | Pair | None = None,
        on_complete: OnComplete | None = None,
        extra: Extra | None = None,
    ) -> Job:
        """Make a recording better: noise, loudness, tone and speech. The result is a `MediaResult`.

        Args:
            output: where the result goes; it has the source's format.
            content: `conference`, `interview`, `lecture`, `meeting`, `mobile_phone`, `music`, `podcast`,
                `studio`, `voice_over` or `voice_recording`; by default the service works it out.
            audio: `loudness`, `dynamics`, `noise`, `filter`, `speech`, `music`; what is left out is on.
            region: `(start, end)` in seconds; None leaves an end open.
        """
        body = {"content": content, "audio": audio, "on_complete": on_complete}
        return self._write("/media/enhance", source, output, None, as_sent(body, extra), region)

    @checked
    def diagnose(
        self,
        source: Source,
        *,
        content: ContentType | Content | None = None,
        on_complete: OnComplete | None = None,
        extra: Extra | None = None,
    ) -> Job:
        """Find out how good a recording is. The result is a `Diagnosis`.

        Args:
            content: what it is, as for `enhance`.
        """
        body = as_sent({"content": content, "on_complete": on_complete}, extra)
        read = read_input(source)
        return self._start("/media/diagnose", read, [], {"input": self._sent(read), **body})

    @checked
    def analyze(
        self,
        source: Source,
        *,
        output: Destination | None = None,
        content: ContentType | AnalyzedContent | None = None,
        loudness: Metering | None = None,
        validation: Limits | None = None,
        on_complete: OnComplete | None = None,
        extra: Extra | None = None,
    ) -> Job:
        """Measure loudness second by second, noise, clipping, music, speech, silence: an `Analysis`.

        Args:
            output: where the report goes, a JSON file.
            content: its type, or `{"type": ..., "silence": {"threshold": dB, "duration": seconds}}`.
            loudness: `profile`, `metering_mode`, `dialog_intelligence`, `speech_threshold`.
            validation: `{"loudness": {"loudness_min": ..., "loudness_max": ..., "true_peak_max": ...}}`.
        """
        measured = {"content": content, "loudness": loudness, "validation": validation}
        body = as_sent({**measured, "on_complete": on_complete}, extra)
        return self._write("/media/analyze", source, output, ".json", body)

    @checked
    def analyze_speech(
        self,
        source: Source,
        *,
        output: Destination | None = None,
        on_complete: OnComplete | None = None,
        extra: Extra | None = None,
    ) -> Job:
        """Find out who speaks when. The result is a `SpeechAnalysis`.

        Args:
            output: where the report goes, a JSON file.
        """
        body = as_sent({"on_complete": on_complete}, extra)
        return self._write("/media/analyze/speech", source, output, ".json", body)

    @checked
    def analyze_music(
        self,
        source: Source,
        *,
        output: Destination | None = None,
        on_complete: OnComplete | None = None,
        extra: Extra | None = None,
    ) -> Job:
        """Find out where there is music, and which. The result is a `MusicAnalysis`.

        Args:
            output: where the report goes, a JSON file.
        """
        body = as_sent({"on_complete": on_complete}, extra)
        return self._write("/media/analyze/music", source, output, ".json", body)

    @checked
    def transcode(
        self,
        source: Source | list[Source],
        *,
        output: Destination | None = None,
        kind: Kind | None = None,
        audio: AudioTrack | Sequence[AudioTrack] | None = None,
        video: VideoTrack | None = None,
        image: Image | None = None,
        segment: Segment | Pair | list[Segment | Pair | None] | None = None,
        outputs: Sequence[Rendition] | None = None,
        storage: Sequence[Options] | None = None,
        on_complete: OnComplete | None = None,
        extra: Extra | None = None,
    ) -> Job:
        """Write a file in another format, or several in a row as one. The result is a `MediaResult`.

        Args:
            source: one source, or a list of them to be joined.
            output: where the result goes.
            kind: `mp3`, `wav`, `mp4`, `png` (a picture) and others; by default what the output's suffix says.
            audio: `codec`, `bitrate_kb`, `channels`.
            video: `codec`, `width`, `height`, `frame_rate`, `bitrate_mode`, `bitrate_kb`.
            image: `width`, `height`, `offset_sec`, for `png` and `jpg`.
            segment: `(start, duration)` in seconds, the part of the source that is meant; a list of such,
                one for each source, when there are several.
            outputs: several formats at once in place of the five above, each a mapping with `kind`, `audio`,
                `video`, `image` and `destination` (a path on this computer, an address, or left out).
            storage: stores that a destination refers to by `{"ref": ..., "filename": ...}`.
        """
        body = as_sent({"storage": storage, "on_complete": on_complete}, extra)
        reads = read_inputs(source)
        parts = cuts(segment, len(reads))
        one = without_none(destination=output, kind=kind, audio=audio, video=video, image=image)
        targets, written = choose_renditions([{**each} for each in outputs] if outputs else [one], reads[0])
        pairs = zip(reads, parts, strict=True)
        inputs = [without_none(source=self._sent(read), segment=cut) for read, cut in pairs]
        body = {"inputs": inputs, "outputs": written, **body}
        return self._start("/media/transcode", reads[0], targets, body)

    @checked
    def master(
        self,
        source: Source,
        *,
        output: Destination | None = None,
        kind: MasterKind | None = None,
        dynamic_eq: Preset | DynamicEq | None = None,
        intensity: Intensity | None = None,
        loudness: Level | MasterLoudness | None = None,
        stereo_image: bool | Switchable | None = None,
        metadata: Piece | None = None,
        on_complete: OnComplete | None = None,
        extra: Extra | None = None,
    ) -> Job:
        """Master a piece of music. The result is a `MediaResult`.

        Args:
            output: where the result goes.
            kind: `aac`, `mp3`, `mp4`, `ogg` or `wav`; by default what the output's or source's suffix says.
            dynamic_eq: the preset, a letter from `a` (pop) to `n` (classical), or the whole group.
            intensity: how much of the preset, 0 to 100.
            loudness: the loudness to reach in LUFS, or the whole group.
            stereo_image: True for a wider image, or the whole group.
            metadata: `genre` and `tags` of the piece.
        """
        body = as_sent({"on_complete": on_complete}, extra)
        read = read_input(source)
        kind_ = kind or (None if output else master_kind(read.suffix))
        how = mastering(dynamic_eq, intensity, loudness, stereo_image)
        one = without_none(destination=output, kind=kind_, master=how)
        targets, written = choose_renditions([one], read)
        one = without_none(source=self._sent(read), metadata=metadata)
        return self._start("/media/master", read, targets, {"inputs": [one], "outputs": written, **body})

    @checked
    def master_preview(
        self,
        source: Source,
        *,
        presets: Sequence[Preset] = "a",  # type: ignore[assignment]  # a text is a sequence of letters
        segment: Segment | Pair | None = None,
        intensity: Intensity | None = None,
        loudness: Level | MasterLoudness | None = None,
        stereo_image: bool | Switchable | None = None,
        metadata: Piece | None = None,
        on_complete: OnComplete | None = None,
        extra: Extra | None = None,
    ) -> Job:
        """Try presets on a stretch of a piece of music. The result is a `MediaResult` with one output each.

        Args:
            presets: letters from `a` (pop) to `n` (classical), such as `"abl"`.
            segment: `(start, duration)` in seconds.
            intensity, loudness, stereo_image, metadata: as for `master`.
        """
        body = as_sent({"on_complete": on_complete}, extra)
        read, cut = read_input(source), cut_of(segment, "segment", "duration")
        suffix = suffix_of(master_kind(read.suffix))
        targets = [Target(new_output(f"{read.stem}-{preset}", suffix)) for preset in presets]
        how = [mastering(preset, intensity, loudness, stereo_image) for preset in presets]
        outputs = [{"destination": to.location, "master": one} for to, one in zip(targets, how, strict=True)]
        one = without_none(source=self._sent(read), segment=cut, metadata=metadata)
        body = {"inputs": [one], "outputs": outputs, **body}
        return self._start("/media/master/preview", read, targets, body)

    def _write(
        self,
        path: str,
        source: Source,
        output: Destination | None,
        suffix: str | None,
        body: Options,
        region: Region | Pair | None = None,
    ) -> Job:
        """Start a job of one input and one output; everything is looked at before anything is sent."""
        asked = cut_of(region, "region", "end")
        read = read_input(source)
        target = choose_target(output, read, suffix or read.suffix)
        sent = self._sent(read)
        place = {**(sent if isinstance(sent, Mapping) else {"url": sent}), "region": asked} if asked else sent
        return self._start(path, read, [target], {"input": place, "output": target.location, **body})

    def _sent(self, read: Input) -> Location:
        """Give a location the service can read, after sending what is on this computer."""
        if read.content is None:
            return read.location
        address = new_input(read.content.name)
        self._storage.upload(read.content, address)
        return address

    def _start(self, path: str, read: Input, targets: Sequence[Target], body: Options) -> Job:
        spec = JobSpec(path, read.path, read.name, tuple(targets))
        job_id = self._api.start(path, dict(body))
        places = tuple((unsigned(one.location), str(one.save_to or "")) for one in targets)
        record_job(job_id, LedgerEntry(path, read.name, str(read.path or ""), places))
        return Job(self._api, self._storage, spec, job_id, self._schedule, self._poll)
