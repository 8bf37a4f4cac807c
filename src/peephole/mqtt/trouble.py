"""What is wrong with the broker, in one sentence for the owner; never with the password."""

import re

import aiomqtt
from aiomqtt.exceptions import MqttConnectError

from peephole.mqtt.settings import Mqtt

_WRONG_LOGIN = (4, 5, 134, 135)
"""Codes of MQTT 3.1.1 and 5: bad user name or password, not authorised."""


def sentence(error: Exception, settings: Mqtt, connected: bool) -> str:
    """Say what happened to the connection; `connected`: it was there until now."""
    broker = f"the MQTT broker {settings.address}"
    if isinstance(error, MqttConnectError):
        code = getattr(error.rc, "value", error.rc)
        if code not in _WRONG_LOGIN:
            return f"{broker} refuses the doorbell ({error.rc})"
        if settings.user is None:
            return f"{broker} wants a user and a password; name them in [mqtt] of the settings"
        return f"{broker} refuses user {settings.user} with this password; look at [mqtt] of the settings"
    if isinstance(error, aiomqtt.MqttError | TimeoutError):
        if connected:
            return f"the connection to {broker} is lost; it is tried again"
        return f"{broker} cannot be reached ({plain(error) or 'no answer'}); it is tried again"
    return fault(error)


def plain(error: Exception) -> str:
    """Return the words of an error without its numbers and its place in a library's source."""
    return re.sub(r"^\[[^\]]*\] ?| \(_ssl\.c:\d+\)$", "", str(error))


def fault(error: Exception) -> str:
    """Say what kept a message from being published or obeyed, or a setting from being used."""
    if isinstance(error, OSError | ValueError):
        return f"MQTT: {error}"
    return f"MQTT: unexpected {type(error).__name__}: {error}"
