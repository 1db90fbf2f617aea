"""TFRecord files and the protocol buffers inside NAS-Bench-101's, read one record at a time without TensorFlow.

A record is: length (uint64), masked CRC32C of the length, the bytes, masked CRC32C of the bytes; all little-endian.
Both checksums of every record are verified, so a file that was cut or damaged anywhere never yields a wrong number.
Knows no cells and no metrics: bytes in, (field, value) pairs out.

Source: tensorflow/core/lib/io/record_writer.h; protobuf.dev/programming-guides/encoding; the fields are those of
google-research/nasbench, nasbench/lib/model_metrics.proto (Ying et al. 2019, arXiv:1902.09635).
"""

import math
import os
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import google_crc32c

from data.archives.archive import ArchiveError

HEADER = struct.Struct("<QI")  # length, its checksum
FOOTER = struct.Struct("<I")
_DOUBLE, _FLOAT = struct.Struct("<d"), struct.Struct("<f")
REMEDY = "download it again from the benchmark's page and compare its size"


class Evaluation(NamedTuple):
    """`EvaluationData`: one evaluation during a training. Accuracies are fractions; NaN where the field is absent."""

    epoch: float
    training_time: float  # seconds up to here, without the evaluations
    train_accuracy: float
    validation_accuracy: float
    test_accuracy: float


class ModelMetrics(NamedTuple):
    """`ModelMetrics`: one training; evaluated at the start, half-way and at the end."""

    evaluations: list[Evaluation]
    trainable_parameters: int


def masked_crc(data: bytes) -> int:
    """CRC32C, rotated and shifted by a constant so that the checksum of a checksum is safe."""
    crc = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def starts_as_tfrecord(head: bytes) -> bool:
    """Whether the first 12 bytes of a file are the header of a record."""
    return len(head) >= HEADER.size and masked_crc(head[:8]) == HEADER.unpack_from(head)[1]


def records(file: BinaryIO, path: str | os.PathLike[str]) -> Iterator[bytes]:
    """The content of every record, in order.

    Raises:
        ArchiveError: the file ends within a record, or a checksum differs; names the record and where it starts.
    """
    number, start = 0, 0
    while header := file.read(HEADER.size):
        if len(header) < HEADER.size:
            raise _cut(path, number, start)
        length, crc = HEADER.unpack(header)
        if masked_crc(header[:8]) != crc:
            raise _damaged(path, number, start, "length")
        body = file.read(length + FOOTER.size)
        if len(body) < length + FOOTER.size:
            raise _cut(path, number, start)
        data = body[:length]
        if masked_crc(data) != FOOTER.unpack_from(body, length)[0]:
            raise _damaged(path, number, start, "data")
        yield data
        number, start = number + 1, start + HEADER.size + len(body)


def read_model_metrics(message: bytes) -> ModelMetrics:
    """Decode one `ModelMetrics`.

    Raises:
        ValueError: not a protocol buffer, or one with fields that NAS-Bench-101 does not have.
    """
    evaluations, parameters = [], -1
    for number, value in fields(message):
        if number == 1 and isinstance(value, bytes):
            evaluations.append(_read_evaluation(value))
        elif number == 2 and isinstance(value, int):
            parameters = value
        elif number != 3:  # 3 is the total time with evaluations
            raise ValueError(f"ModelMetrics has the field {number}, which NAS-Bench-101's has not")
    return ModelMetrics(evaluations, parameters)


def fields(message: bytes) -> Iterator[tuple[int, int | float | bytes]]:
    """(field number, value) in the order written: varints as int, doubles and floats as float, the rest as bytes."""
    at, value = 0, 0  # type: int, int | float | bytes
    while at < len(message):
        key, at = _varint(message, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(message, at)
        elif wire in (1, 5):
            form = _DOUBLE if wire == 1 else _FLOAT
            if at + form.size > len(message):
                raise ValueError(f"protocol buffer ends within field {key >> 3}")
            (value,), at = form.unpack_from(message, at), at + form.size
        elif wire == 2:
            length, at = _varint(message, at)
            value, at = message[at : at + length], at + length
            if at > len(message):
                raise ValueError(f"protocol buffer ends within field {key >> 3}")
        else:
            raise ValueError(f"protocol buffer of wire type {wire}")
        yield key >> 3, value


def _read_evaluation(message: bytes) -> Evaluation:
    values = [math.nan] * 5
    for number, value in fields(message):
        if 1 <= number <= 5 and isinstance(value, float):
            values[number - 1] = value
        elif number != 6:  # 6 is the path of a checkpoint
            raise ValueError(f"EvaluationData has the field {number}, which NAS-Bench-101's has not")
    return Evaluation(*values)


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(message) or shift > 63:
            raise ValueError("protocol buffer ends within a number")
        byte = message[at]
        value, at, shift = value | (byte & 127) << shift, at + 1, shift + 7
        if byte < 128:
            return value, at


def _cut(path: str | os.PathLike[str], number: int, start: int) -> ArchiveError:
    return ArchiveError(path, f"the file ends within record {number} (byte {start})", "whole TFRecord records", REMEDY)


def _damaged(path: str | os.PathLike[str], number: int, start: int, part: str) -> ArchiveError:
    found = f"wrong checksum of the {part} of record {number} (byte {start})"
    return ArchiveError(path, found, "the masked CRC32C of a TFRecord", REMEDY)
