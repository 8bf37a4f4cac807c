"""What goes wrong between an owner and a device, each in one sentence."""


class DeviceError(ValueError):
    """Something about a device that its owner has to know or do."""


class SilentDeviceError(DeviceError):
    """Nothing came back."""


class LostLineError(DeviceError):
    """The line cannot be opened, or is gone."""


class WrongKeyError(DeviceError):
    """The device and its owner do not have the same key."""


class LostAnswerError(DeviceError):
    """The device did what it was asked to, or may have; what it said about it is lost."""


class LostSessionError(DeviceError):
    """The device knows nothing of this session any more, and has not done what it was asked to."""


class CommandError(DeviceError):
    """The device refused a command.

    Attributes:
        code: Number of a `ph_status` or `ph_admin_error` of csrc/app.
        what: What is wrong, in the device's words.

    Args:
        sentence: What is told in place of both, where more is known than the device says.
    """

    def __init__(self, code: int, what: str, sentence: str = "") -> None:
        self.code = code
        self.what = what
        super().__init__(sentence or f"the device refuses: {_SENTENCES.get(code, 'error ' + str(code))} ({what})")


NO_ROOM, UNKNOWN, OTHER_MODEL, CHANGED = 4, 5, 34, 37

_SENTENCES = {
    1: "too long",
    2: "out of range",
    NO_ROOM: "full, remove something first",
    UNKNOWN: "there is no such thing",
    6: "somebody else has that name",
    7: "its memory could not be written, nothing is certain to have changed",
    8: "what was kept there is damaged",
    9: "written by a newer version",
    10: "busy, try again",
    32: "not a request that it understands",
    33: "a command that it does not know",
    OTHER_MODEL: "it has another model, name the one it has with --model",
    35: "no good look at a face yet, stand before the door and try again",
    36: "more than one face is at the door",
    CHANGED: "its memory has changed meanwhile",
    38: "looks are missing",
    39: "not a backup of such a device",
}
