"""TFRecord framing and protocol buffers: hand-worked bytes, every cut and flip, and two oracles."""

import io
import math

import pytest

from data.archives.archive import ArchiveError
from data.archives.tfrecord import Evaluation, fields, masked_crc, read_model_metrics, records, starts_as_tfrecord
from tests.archive_writers import evaluation_data, model_metrics, tfrecord

TWO = tfrecord(b"first") + tfrecord(b"the second")
HALF_WAY = len(tfrecord(b"first"))


def test_the_masked_checksum_agrees_with_the_published_one():
    # CRC32C of "123456789" is E3069283 (RFC 3720); rotated right by 15 it is 2507C60D, and the mask adds A282EAD8.
    assert masked_crc(b"123456789") == (0x2507C60D + 0xA282EAD8) & 0xFFFFFFFF


def test_records_come_back_in_order_and_an_empty_one_is_a_record():
    assert list(records(io.BytesIO(TWO + tfrecord(b"")), "x")) == [b"first", b"the second", b""]
    assert list(records(io.BytesIO(), "x")) == []


# Between two records a cut cannot be seen here; `nasbench101` sees it by the repeats that are missing.
@pytest.mark.parametrize("cut", [cut for cut in range(1, len(TWO)) if cut != HALF_WAY])
def test_a_cut_within_a_record_names_the_record_and_its_start(cut):
    number, start = (0, 0) if cut < HALF_WAY else (1, HALF_WAY)
    with pytest.raises(ArchiveError, match=rf"file\.tfrecord: the file ends within record {number} \(byte {start}\)"):
        list(records(io.BytesIO(TWO[:cut]), "file.tfrecord"))


@pytest.mark.parametrize("place", range(len(TWO)))
def test_no_flipped_bit_anywhere_goes_unnoticed(place):
    damaged = bytearray(TWO)
    damaged[place] ^= 1 << place % 8
    number = int(place >= HALF_WAY)
    with pytest.raises(ArchiveError, match=f"wrong checksum of the (length|data) of record {number}"):
        list(records(io.BytesIO(damaged), "file.tfrecord"))


def test_a_tfrecord_is_known_by_its_first_twelve_bytes():
    assert starts_as_tfrecord(TWO[:12])
    assert not starts_as_tfrecord(TWO[:11])
    assert not starts_as_tfrecord(b"PK\x03\x04" + bytes(8))


def test_fields_are_read_as_the_encoding_guide_works_them_out():
    assert list(fields(b"\x08\x96\x01")) == [(1, 150)]  # its own two examples: 150, and "testing"
    assert list(fields(b"\x12\x07testing")) == [(2, b"testing")]
    assert list(fields(b"\x1d\x00\x00\x80\x3f")) == [(3, 1.0)]  # a float of 32 bits


@pytest.mark.parametrize(
    "broken", [b"\x08", b"\x08\x96", b"\x12\x07test", b"\x19\x00", b"\x0b", b"\x08" + b"\xff" * 11]
)
def test_a_broken_protocol_buffer_is_an_error(broken):
    with pytest.raises(ValueError, match="protocol buffer"):
        list(fields(broken))


def test_model_metrics_hold_what_was_written_and_nan_where_a_field_is_absent():
    packed = model_metrics([evaluation_data(54.0, 3.5, 0.1, 0.2, 0.3, "ckpt"), b"\x09" + bytes(8)], 2_694_282, 9.0)
    metrics = read_model_metrics(packed)
    assert metrics.evaluations[0] == Evaluation(54.0, 3.5, 0.1, 0.2, 0.3)
    assert metrics.evaluations[1].epoch == 0
    assert math.isnan(metrics.evaluations[1].test_accuracy)
    assert metrics.trainable_parameters == 2_694_282


def test_fields_that_nasbench101_has_not_are_refused():
    with pytest.raises(ValueError, match="EvaluationData has the field 7"):
        read_model_metrics(model_metrics([b"\x39" + bytes(8)], 1, 1.0))
    with pytest.raises(ValueError, match="ModelMetrics has the field 4"):
        read_model_metrics(b"\x21" + bytes(8))


def test_googles_own_package_writes_what_we_read():
    """`model_metrics.proto` put together anew, for the package needs no compiler then."""
    pb2 = pytest.importorskip("google.protobuf.descriptor_pb2")
    from google.protobuf import descriptor_pool, message_factory

    file = pb2.FileDescriptorProto(name="model_metrics.proto", package="nasbench", syntax="proto2")
    double, int32, text, message = 1, 5, 9, 11
    numbers = ("current_epoch", "training_time", "train_accuracy", "validation_accuracy", "test_accuracy")
    evaluation = file.message_type.add(name="EvaluationData")
    for i, name in enumerate((*numbers, "checkpoint_path"), start=1):
        evaluation.field.add(name=name, number=i, type=double if i < 6 else text, label=1)
    model = file.message_type.add(name="ModelMetrics")
    model.field.add(name="evaluation_data", number=1, type=message, label=3, type_name=".nasbench.EvaluationData")
    model.field.add(name="trainable_parameters", number=2, type=int32, label=1)
    model.field.add(name="total_time", number=3, type=double, label=1)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    make = message_factory.GetMessageClass(pool.FindMessageTypeByName("nasbench.ModelMetrics"))
    theirs = make(trainable_parameters=41_557_898, total_time=1234.5)
    theirs.evaluation_data.add(
        **dict(zip(numbers, (108.0, 1769.1, 1.0, 0.9411, 0.9352), strict=True)), checkpoint_path="a"
    )

    ours = read_model_metrics(theirs.SerializeToString())
    assert ours.evaluations == [Evaluation(108.0, 1769.1, 1.0, 0.9411, 0.9352)]
    assert ours.trainable_parameters == 41_557_898
    written = model_metrics([evaluation_data(108.0, 1769.1, 1.0, 0.9411, 0.9352, "a")], 41_557_898, 1234.5)
    assert written == theirs.SerializeToString()  # so the writer of the tests is theirs, byte for byte


def test_a_real_tfrecord_passes_both_checksums_of_every_record(mirror):
    path = next(mirror.rglob("energy_4V9E.tfrecord"))
    with open(path, "rb") as file:
        assert sum(1 for _ in records(file, path)) == 1092  # as TensorFlow wrote it for EC-NAS
