"""A process that asks nobody for a token listens on loopback only, unless its operator says otherwise."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from neural_hive.errors import SettingsError
from neural_hive.settings import Auth


def check_exposed(auth: Auth, host: str, *, setting: str, mutual: bool = False) -> None:
    """See that an address may be listened on.

    Args:
        auth: Who may call.
        host: The address.
        setting: The setting that holds it, for the message.
        mutual: Whether only clients with a certificate that is known are let in.

    Raises:
        SettingsError: Anybody who reaches the address could call, and nobody has said that this is wanted.
    """
    if auth.mode == "none" and not auth.allow_anonymous and not mutual and not is_loopback(host):
        raise SettingsError("error.auth_exposed", host=host, setting=setting)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address; a name that is not `localhost` may mean anything."""
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return host.lower() == "localhost"
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
