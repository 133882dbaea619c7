"""A relay on aiosmtpd. Options as JSON in argv[1]; one JSON line for its port, then one for each message."""

import asyncio
import base64
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

options = json.loads(sys.argv[1])


def tls_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options["certFile"], options["keyFile"])
    return context


def say(value):
    print(json.dumps(value), flush=True)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address == "nobody@b.test":
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):
        content = base64.b64encode(envelope.original_content).decode()
        sender = "" if envelope.mail_from == "<>" else envelope.mail_from
        say({"from": sender, "to": envelope.rcpt_tos, "content": content})
        return "250 2.0.0 Ok"


def authenticate(server, session, envelope, mechanism, data):
    right = LoginPassword(options["username"].encode(), options["password"].encode())
    # Not handled: the server is to reply by itself.
    return AuthResult(success=data == right, handled=False)


async def main():
    tls = options["tls"]
    settings = {"enable_SMTPUTF8": True, "hostname": "localhost"}
    if tls == "starttls":
        settings |= {"tls_context": tls_context(), "require_starttls": True}
    if options["username"] is not None:
        settings |= {"auth_required": True, "authenticator": authenticate, "auth_require_tls": tls == "starttls"}
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Handler(), **settings), "127.0.0.1", 0, ssl=tls_context() if tls == "implicit" else None
    )
    say({"port": server.sockets[0].getsockname()[1]})
    # Lives as long as the test holds its standard input open.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
