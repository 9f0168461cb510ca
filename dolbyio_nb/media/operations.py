"""Operations of the Media APIs: enhance, diagnose, analyze, transcode, master."""

from collections.abc import Sequence
from typing import Any

from dolbyio_nb.media.api import Api
from dolbyio_nb.media.inputs import Input, Source, read_input, read_inputs
from dolbyio_nb.media.jobs import Job
from dolbyio_nb.media.locations import Location, new_input
from dolbyio_nb.media.options import (
    Options,
    Stretch,
    callback,
    content_option,
    master_kind,
    mastering,
    stretch,
    suffix_of,
    with_region,
    without_none,
)
from dolbyio_nb.media.outputs import Destination, JobSpec, Target, choose_renditions, choose_target
from dolbyio_nb.media.polling import PollSchedule
from dolbyio_nb.media.transfer import Storage


class Starter:
    """Starts jobs over one API."""

    def __init__(self, api: Api, storage: Storage, schedule: PollSchedule) -> None:
        self._api, self._storage, self._schedule = api, storage, schedule

    def _report(
        self,
        path: str,
        source: Source,
        output: Destination | None,
        on_complete: str | Options | None,
        options: Options,
    ) -> Job:
        read = read_input(source)
        target = choose_target(output, read, ".json")
        body = without_none(input=self._sent(read), output=target.location, on_complete=callback(on_complete))
        return self._start(path, read, [target], body | dict(options))

    def _sent(self, read: Input) -> Location:
        """Give a location the service can read, after sending what is on this computer."""
        if read.content is None:
            return read.location
        address = new_input(read.content.name)
        self._storage.upload(read.content, address)
        return address

    def _start(self, path: str, read: Input, targets: Sequence[Target], body: Options) -> Job:
        spec = JobSpec(path, read.path, read.name, tuple(targets))
        return Job(self._api, self._storage, spec, self._api.start(path, dict(body)), self._schedule)


class Operations(Starter):
    """The processing APIs. Each method starts a job; `job.result()` waits for what comes out.

    Every method has `on_complete`, an address that the service calls when the job has ended.
    """

    def enhance(
        self,
        source: Source,
        *,
        output: Destination | None = None,
        content: str | Options | None = None,
        audio: Options | None = None,
        region: Stretch | None = None,
        on_complete: str | Options | None = None,
        **extra: Any,
    ) -> Job:
        """Make a recording better: noise, loudness, tone and speech. The result is a `MediaResult`.

        Args:
            output: where the result goes; its suffix decides the format, by default the source's.
            content: `conference`, `interview`, `lecture`, `meeting`, `mobile_phone`, `music`, `podcast`,
                `studio`, `voice_over` or `voice_recording`; by default the service works it out.
            audio: `loudness`, `dynamics`, `noise`, `filter`, `speech`, `music`; what is left out is on.
            region: `(start, end)` in seconds; None leaves an end open.
        """
        read = read_input(source)
        target = choose_target(output, read, read.suffix)
        body = without_none(
            input=with_region(self._sent(read), region),
            output=target.location,
            content=content_option(content),
            audio=audio,
            on_complete=callback(on_complete),
        )
        return self._start("/media/enhance", read, [target], body | extra)

    def diagnose(
        self,
        source: Source,
        *,
        content: str | Options | None = None,
        on_complete: str | Options | None = None,
        **extra: Any,
    ) -> Job:
        """Find out how good a recording is. The result is a `Diagnosis`."""
        read = read_input(source)
        body = without_none(
            input=self._sent(read), content=content_option(content), on_complete=callback(on_complete)
        )
        return self._start("/media/diagnose", read, [], body | extra)

    def analyze(
        self,
        source: Source,
        *,
        output: Destination | None = None,
        content: str | Options | None = None,
        loudness: Options | None = None,
        validation: Options | None = None,
        on_complete: str | Options | None = None,
        **extra: Any,
    ) -> Job:
        """Model loudness second by second, noise, clipping, music, speech, silence: an `Analysis`.

        Args:
            output: where the report goes, a JSON file.
            content: its type, or `{"type": ..., "silence": {"threshold": dB, "duration": seconds}}`.
            loudness: `profile`, `metering_mode`, `dialog_intelligence`, `speech_threshold`.
            validation: `{"loudness": {"loudness_min": ..., "loudness_max": ..., "true_peak_max": ...}}`.
        """
        options = without_none(content=content_option(content), loudness=loudness, validation=validation)
        return self._report("/media/analyze", source, output, on_complete, options | extra)

    def analyze_speech(
        self,
        source: Source,
        *,
        output: Destination | None = None,
        on_complete: str | Options | None = None,
        **extra: Any,
    ) -> Job:
        """Find out who speaks when. The result is a `SpeechAnalysis`."""
        return self._report("/media/analyze/speech", source, output, on_complete, extra)

    def analyze_music(
        self,
        source: Source,
        *,
        output: Destination | None = None,
        on_complete: str | Options | None = None,
        **extra: Any,
    ) -> Job:
        """Find out where there is music, and which. The result is a `MusicAnalysis`."""
        return self._report("/media/analyze/music", source, output, on_complete, extra)

    def transcode(
        self,
        source: Source | list[Source],
        *,
        output: Destination | None = None,
        kind: str | None = None,
        audio: Options | None = None,
        video: Options | None = None,
        outputs: Sequence[Options] | None = None,
        storage: Sequence[Options] | None = None,
        on_complete: str | Options | None = None,
        **extra: Any,
    ) -> Job:
        """Write a file in another format, or several in a row as one. The result is a `MediaResult`.

        Args:
            source: one source, or a list of them to be joined.
            output: where the result goes.
            kind: `mp3`, `wav`, `mp4`, `png` (a picture) and others; by default what the output's suffix says.
            audio: `codec`, `bitrate_kb`, `channels`.
            video: `codec`, `width`, `height`, `frame_rate`, `bitrate_mode`, `bitrate_kb`.
            outputs: several formats at once in place of the four above, each a mapping with `kind`, `audio`,
                `video` and `destination` (a path on this computer, an address, or left out).
            storage: stores that a destination refers to by `{"ref": ..., "filename": ...}`.
        """
        reads = read_inputs(source)
        wanted = outputs or [without_none(destination=output, kind=kind, audio=audio, video=video)]
        targets, written = choose_renditions(wanted, reads[0])
        body = without_none(
            inputs=[{"source": self._sent(read)} for read in reads],
            outputs=written,
            storage=storage,
            on_complete=callback(on_complete),
        )
        return self._start("/media/transcode", reads[0], targets, body | extra)

    def master(
        self,
        source: Source,
        *,
        output: Destination | None = None,
        kind: str | None = None,
        dynamic_eq: str | Options | None = None,
        intensity: int | None = None,
        loudness: float | Options | None = None,
        stereo_image: bool | Options | None = None,
        metadata: Options | None = None,
        on_complete: str | Options | None = None,
        **extra: Any,
    ) -> Job:
        """Master a piece of music. The result is a `MediaResult`.

        Args:
            output: where the result goes.
            kind: `aac`, `mp3`, `mp4`, `ogg` or `wav`; by default what the output's or source's suffix says.
            dynamic_eq: the preset, a letter from `a` (pop) to `n` (classical), or the whole group.
            intensity: how much of the preset.
            loudness: the loudness to reach in LUFS, or the whole group.
            stereo_image: True for a wider image, or the whole group.
            metadata: `genre` and `tags` of the piece.
        """
        read = read_input(source)
        kind = kind or (None if output else master_kind(read.suffix))
        master = mastering(dynamic_eq, intensity, loudness, stereo_image)
        targets, written = choose_renditions(
            [without_none(destination=output, kind=kind, master=master)], read
        )
        one = without_none(source=self._sent(read), metadata=metadata)
        body = without_none(inputs=[one], outputs=written, on_complete=callback(on_complete))
        return self._start("/media/master", read, targets, body | extra)

    def master_preview(
        self,
        source: Source,
        *,
        presets: Sequence[str] = "a",
        segment: Stretch | None = None,
        intensity: int | None = None,
        loudness: float | Options | None = None,
        stereo_image: bool | Options | None = None,
        metadata: Options | None = None,
        on_complete: str | Options | None = None,
        **extra: Any,
    ) -> Job:
        """Try presets on a stretch of a piece of music. The result is a `MediaResult` with one output each.

        Args:
            presets: letters from `a` (pop) to `n` (classical), such as `"abl"`.
            segment: `(start, duration)` in seconds.
            intensity, loudness, stereo_image, metadata: as for `master`.
        """
        read = read_input(source)
        targets = [choose_target(None, read, suffix_of(master_kind(read.suffix))) for _ in presets]
        outputs = [
            {"destination": target.location, "master": mastering(preset, intensity, loudness, stereo_image)}
            for preset, target in zip(presets, targets, strict=True)
        ]
        one = without_none(
            source=self._sent(read), segment=stretch(segment, "start", "duration"), metadata=metadata
        )
        body = without_none(inputs=[one], outputs=outputs, on_complete=callback(on_complete))
        return self._start("/media/master/preview", read, targets, body | extra)
