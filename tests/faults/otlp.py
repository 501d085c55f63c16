# SPDX-License-Identifier: Apache-2.0
"""Just enough of OTLP's protobuf to tell which records a request holds."""


def varint(data, at):
    result = shift = 0
    while True:
        byte = data[at]
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, at
        shift += 7


def members(data, wanted, begin=0, end=None):
    """(field number, begin, end) of the length-delimited fields in `wanted`, in their order. Raises
    ValueError or IndexError where the message is not one."""
    at, end = begin, len(data) if end is None else end
    while at < end:
        tag, at = varint(data, at)
        kind = tag & 7
        if kind == 2:
            length, at = varint(data, at)
            if at + length > end:
                raise ValueError("a field is longer than its message")
            if tag >> 3 in wanted:
                yield tag >> 3, at, at + length
            at += length
        elif kind == 0:
            _, at = varint(data, at)
        elif kind == 1 or kind == 5:
            at += 8 if kind == 1 else 4
        else:
            raise ValueError(f"wire type {kind}")
    if at != end:
        raise ValueError("a message ends in the middle of a field")


def text(data, begin, end):
    """What an AnyValue of text or bytes holds."""
    for _, b, e in members(data, (1, 7), begin, end):
        return data[b:e]
    return b""


def attributes(data, begin, end):
    """The text attributes of a LogRecord."""
    found = {}
    for _, b, e in members(data, (6,), begin, end):
        pair = {number: (kb, ke) for number, kb, ke in members(data, (1, 2), b, e)}
        if len(pair) == 2:
            found[data[slice(*pair[1])].decode()] = text(data, *pair[2])
    return found


def records(request):
    """(begin, end) of every LogRecord of an ExportLogsServiceRequest, in order."""
    for _, rb, re in members(request, (1,)):
        for _, sb, se in members(request, (2,), rb, re):
            for _, lb, le in members(request, (2,), sb, se):
                yield lb, le


def bodies(request):
    """The body of every record of a request, in order."""
    found = []
    for begin, end in records(request):
        body = b""
        for _, b, e in members(request, (5,), begin, end):
            body = text(request, b, e)
        found.append(body)
    return found


def partial_success(rejected, message=b"too old"):
    """An ExportLogsServiceResponse that takes all but `rejected` (< 128) records."""
    inner = bytes([0x08, rejected, 0x12, len(message)]) + message
    return bytes([0x0A, len(inner)]) + inner
