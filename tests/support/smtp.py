"""A small SMTP server on the loopback that keeps what it is given and refuses what it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class Mailbox:
    """What arrived; ``refuse`` maps a recipient to the reply it gets."""

    address: str = ""
    mails: list[EmailMessage] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    recipients: list[str] = field(default_factory=list)
    greeting: str = "220 mailbox ESMTP"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())
            await writer.drain()

        await say(self.greeting)
        while line := (await reader.readline()).decode().strip():
            verb = line.upper()
            if verb.startswith("EHLO"):
                await say("250 mailbox")
            elif verb.startswith("RCPT TO:"):
                recipient = line[8:].strip().strip("<>")
                self.recipients.append(recipient)
                await say(self.refuse.get(recipient, "250 ok"))
            elif verb == "DATA":
                await say("354 go on")
                self.mails.append(await self._mail(reader))
                await say("250 kept")
            elif verb == "QUIT":
                await say("221 bye")
                break
            else:
                await say("250 ok")
        writer.close()

    async def _mail(self, reader: asyncio.StreamReader) -> EmailMessage:
        lines = []
        while (line := await reader.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        found = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found


@asynccontextmanager
async def mailbox() -> AsyncIterator[Mailbox]:
    """A mailbox that listens; ``address`` is its smtp:// URL."""
    box = Mailbox()
    server = await asyncio.start_server(box.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    box.address = f"smtp://127.0.0.1:{port}"
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()
