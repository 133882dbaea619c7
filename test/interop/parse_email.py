"""Reads a message from standard input with Python's email package and prints what it found as JSON."""

import base64
import json
import sys
from email import message_from_bytes, policy

message = message_from_bytes(sys.stdin.buffer.read(), policy=policy.default)


def mailboxes(field):
    addresses = message[field].addresses if message[field] else []
    return [{"name": a.display_name, "address": utf8(a.addr_spec)} for a in addresses]


def utf8(raw):
    """The package keeps the raw UTF-8 of RFC 6532 headers as escaped bytes."""
    return raw.encode("ascii", "surrogateescape").decode()


def body(kind):
    part = message.get_body((kind,))
    return part.get_content().replace("\r\n", "\n").rstrip("\n") if part else None


def calendar():
    for part in message.walk():
        if part.get_content_type() == "text/calendar" and not part.get_content_disposition():
            content = part.get_payload(decode=True).decode(part.get_content_charset())
            return {"method": part.get_param("method"), "content": content}
    return None


files = [part for part in message.walk() if part.get_content_disposition()]


def may_have_defects(field):
    # Content-Type repeats the file name in a way that RFC 2047 does not allow but Outlook needs,
    # and Python counts an address with a local part of RFC 6532 as a defect.
    international = any(not a.addr_spec.isascii() for a in getattr(field, "addresses", ()))
    return field.name == "Content-Type" or international


defects = [
    str(defect)
    for part in message.walk()
    for source in [part, *(field for field in part.values() if not may_have_defects(field))]
    for defect in source.defects
]
reading = {
    "from": mailboxes("From"),
    "to": mailboxes("To"),
    "cc": mailboxes("Cc"),
    "subject": message["Subject"],
    "messageId": message["Message-ID"],
    "date": message["Date"].datetime.timestamp(),
    "headers": [[key, message[key]] for key in message.keys() if key.startswith(("X-", "List-"))],
    "text": body("plain"),
    "html": body("html"),
    "calendar": calendar(),
    "attachments": [
        {
            "filename": part.get_filename(),
            "contentType": part.get_content_type(),
            "content": base64.b64encode(part.get_payload(decode=True)).decode(),
            "contentId": part["Content-ID"],
        }
        for part in files
    ],
    "defects": defects,
}
json.dump(reading, sys.stdout)
