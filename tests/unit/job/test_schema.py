"""The schema files, and what is asked of them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from dsdoctor.errors import UsageError
from dsdoctor.job.place import dotted, path_of
from dsdoctor.job.schema import LINES, Schema, coerce, knowing_lines, load_schema
from dsdoctor.job.schema.load import FOLDER


@pytest.fixture(scope="module", params=LINES)
def schema(request: pytest.FixtureRequest) -> Schema:
    return load_schema(request.param)


@pytest.fixture(scope="module")
def newest() -> Schema:
    return load_schema()


def test_every_file_is_a_known_line_and_names_its_version() -> None:
    files = sorted(FOLDER.glob("deepspeed-*.json"))
    assert [file.stem.removeprefix("deepspeed-") for file in files] == list(LINES)
    for file, line in zip(files, LINES, strict=True):
        content = msgspec.json.decode(file.read_bytes())
        assert content["deepspeed"].startswith(f"{line}.")
        assert content["written_with"].keys() == {"pydantic", "torch"}


def test_every_default_is_accepted(schema: Schema) -> None:
    for path in schema.paths:
        key = schema.key(path)
        assert key is not None
        if key.default is not None and key.type != "nothing":
            assert coerce(key, key.default) == (True, key.default), dotted(path)


def test_every_block_has_a_key_above_it(schema: Schema) -> None:
    for path in schema.blocks:
        key = schema.key(path) if path else None
        assert not path or (key is not None and key.type == "block"), dotted(path)


def test_every_replacement_of_a_deprecated_key_exists(schema: Schema) -> None:
    for path in schema.paths:
        key = schema.key(path)
        if key is not None and key.deprecated:
            assert all(schema.key(path_of(new)) for new in key.replaced_by), dotted(path)


@pytest.mark.parametrize(
    ("asked", "line", "assumed"),
    [
        (None, "0.19", False),
        ("0.14.0", "0.14", False),
        ("0.16", "0.16", False),
        ("v0.17.6+cu121", "0.17", False),
        ("0.19.8", "0.19", False),
        ("0.20.0", "0.19", True),
        ("1.0", "0.19", True),
    ],
)
def test_a_version_gets_its_line(asked: str | None, line: str, assumed: bool) -> None:
    schema = load_schema(asked)
    assert (schema.line, schema.assumed) == (line, assumed)


@pytest.mark.parametrize("asked", ["0.13.5", "0.9.2"])
def test_an_old_version_is_refused_with_the_known_ones(asked: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_schema(asked)
    assert "0.14" in caught.value.hint
    assert "0.19" in caught.value.hint


@pytest.mark.parametrize("asked", ["", "latest", "0"])
def test_no_version_is_a_usage_error(asked: str) -> None:
    with pytest.raises(UsageError):
        load_schema(asked)


def test_an_alias_leads_to_the_documented_key(newest: Schema) -> None:
    written = ("zero_optimization", "prefetch_bucket_size")
    assert newest.canonical(written) == ("zero_optimization", "stage3_prefetch_bucket_size")
    assert newest.default(written) == 50_000_000
    assert newest.block(("tensor_parallel", "tensor_parallel")) is newest.block(
        ("tensor_parallel", "tp")
    )
    assert newest.key(("bfloat16", "enabled")) is newest.key(("bf16", "enabled"))
    assert newest.key(("bfloat16", "enabled")) is not None


def test_an_unknown_key_has_nothing(newest: Schema) -> None:
    assert newest.key(("zero_optimization", "overlap_com")) is None
    assert newest.default(("no", "such")) is None
    assert newest.block(("stage",)) is None


def test_where_else_a_key_is_known(newest: Schema) -> None:
    assert newest.elsewhere("overlap_comm") == (("zero_optimization", "overlap_comm"),)
    assert [dotted(path) for path in newest.elsewhere("nvme_path")] == [
        "zero_optimization.offload_optimizer.nvme_path",
        "zero_optimization.offload_param.nvme_path",
    ]
    assert newest.elsewhere("no_such_key") == ()


SUGGESTED = {
    "activation_checkpointing.cpu_checkpoint": "activation_checkpointing.cpu_checkpointing",
    "activation_checkpointing.partitioned_activations": (
        "activation_checkpointing.partition_activations"
    ),
    "aio.thread_count": "aio.intra_op_parallelism",
    "bf16.loss_scale": "fp16.loss_scale",
    "checkpoint.load_universal_checkpoint": "checkpoint.load_universal",
    "data_types.grad_acc_dtype": "data_types.grad_accum_dtype",
    "flops_profiler.enable": "flops_profiler.enabled",
    "fp16.enable": "fp16.enabled",
    "fp16.loss_scale_windw": "fp16.loss_scale_window",
    "grad_clip": "gradient_clipping",
    "gradient-clipping": "gradient_clipping",
    "gradient_accumulation": "gradient_accumulation_steps",
    "gradient_clip": "gradient_clipping",
    "loss_scale": "fp16.loss_scale",
    "lr": "optimizer.params",
    "max_grad_norm": "gradient_clipping",
    "micro_batch_size": "train_micro_batch_size_per_gpu",
    "offload_optimizer": "zero_optimization.offload_optimizer",
    "optimiser": "optimizer",
    "optimizer.Params": "optimizer.params",
    "stage": "zero_optimization.stage",
    "stage3_prefetch_bucket_size": "zero_optimization.stage3_prefetch_bucket_size",
    "tensor_parallel.tp_size": "tensor_parallel.autotp_size",
    "train_batchsize": "train_batch_size",
    "train_micro_batch_size": "train_micro_batch_size_per_gpu",
    "wandb.entity": "wandb.team",
    "zero_optimisation": "zero_optimization",
    "zero_optimization.cpu_offload_params": "zero_optimization.offload_param",
    "zero_optimization.gather_fp16_weights_on_model_save": (
        "zero_optimization.stage3_gather_16bit_weights_on_model_save"
    ),
    "zero_optimization.offload_param.fast_init": "zero_optimization.offload_optimizer.fast_init",
    "zero_optimization.overlap_com": "zero_optimization.overlap_comm",
    "zero_optimization.prefetch_bucket": "zero_optimization.stage3_prefetch_bucket_size",
    "zero_optimization.stage3_reduce_bucket_size": "zero_optimization.reduce_bucket_size",
}


@pytest.mark.parametrize(("written", "meant"), SUGGESTED.items())
def test_what_people_write_is_understood(newest: Schema, written: str, meant: str) -> None:
    assert dotted(newest.suggestions(path_of(written))[0]) == meant


@pytest.mark.parametrize(
    "written",
    ["foo", "_comment", "zero_optimization._comment", "enabled", "fp16.opt_level", "x" * 999],
)
def test_nothing_is_suggested_for_what_is_like_nothing(newest: Schema, written: str) -> None:
    assert newest.suggestions(path_of(written)) == ()


def test_a_suggestion_is_always_a_known_current_key(schema: Schema) -> None:
    for written in SUGGESTED:
        for path in schema.suggestions(path_of(written)):
            key = schema.key(path)
            assert key is not None
            assert not key.deprecated


def test_a_key_of_the_other_lines_can_be_found() -> None:
    assert knowing_lines(("aio", "thread_count")) == ("0.14", "0.15")
    assert knowing_lines(("zero_optimization", "zenflow")) == ("0.17", "0.18", "0.19")
    assert knowing_lines(("no_such_key",)) == ()


def test_removed_keys_stop_0_19_only() -> None:
    assert load_schema("0.19").is_removed(("amp",))
    assert load_schema("0.19").is_removed(("zero_optimization", "mics_shard_size"))
    assert not load_schema("0.18").is_removed(("amp",))
    assert load_schema("0.18").key(("amp",)) is not None


def test_unknown_keys_of_a_block_by_line() -> None:
    before, after = load_schema("0.16").block(("fp16",)), load_schema("0.17").block(("fp16",))
    assert before is not None
    assert after is not None
    assert (before.parser, after.parser) == ("ignore", "forbid")


def test_what_is_passed_on(newest: Schema) -> None:
    assert newest.passed_on(("optimizer", "params", "lr"))
    assert newest.passed_on(("optimizer", "params", "deep", "deeper"))
    assert not newest.passed_on(("optimizer", "lr"))


def test_optimizers_by_name(newest: Schema) -> None:
    adam = newest.optimizer("AdamW")
    assert adam is not None
    assert adam is newest.optimizer("adamw")
    assert "fp32_optimizer_states" in (adam.accepted("offload") or ())
    assert "max_grad_norm" not in (adam.accepted() or ())
    assert newest.optimizer("sgd") is None
    assert newest.optimizer("SGD") is not None
    assert newest.optimizer("OneBitAdam") is None
    assert load_schema("0.18").optimizer("OneBitAdam") is not None


def test_schedulers_by_name(newest: Schema) -> None:
    assert newest.schedulers["WarmupDecayLR"].required == ("total_num_steps",)
    assert "warmup_max_lr" in newest.schedulers["WarmupLR"].accepted
    assert "warmup_max_lr" not in newest.schedulers["WarmupCosineLR"].accepted


@pytest.mark.parametrize(
    ("line", "name", "value", "answer"),
    [
        ("0.19", "zero_optimization.stage", "2", (True, 2)),
        ("0.14", "zero_optimization.stage", "2", (False, "2")),
        ("0.19", "zero_optimization.stage", 2.5, (False, 2.5)),
        ("0.19", "zero_optimization.reduce_bucket_size", 5e8, (True, 500_000_000)),
        ("0.19", "zero_optimization.reduce_bucket_size", "5e8", (False, "5e8")),
        ("0.19", "zero_optimization.reduce_bucket_size", 0, (False, 0)),
        ("0.19", "zero_optimization.sub_group_size", 2.5, (False, 2.5)),
        ("0.14", "zero_optimization.sub_group_size", 2.5, (True, 2)),
        ("0.19", "zero_optimization.overlap_comm", None, (True, None)),
        ("0.19", "zero_optimization.contiguous_gradients", None, (False, None)),
        ("0.19", "zero_optimization.contiguous_gradients", "true", (True, True)),
        ("0.19", "zero_optimization.contiguous_gradients", "True ", (False, "True ")),
        ("0.19", "zero_optimization.offload_param", "cpu", (False, "cpu")),
        ("0.19", "zero_optimization.offload_param.device", "CPU", (False, "CPU")),
        ("0.19", "zero_optimization.offload_optimizer.ratio", 1.5, (False, 1.5)),
        ("0.19", "fp16.loss_scale", True, (False, True)),
        ("0.17", "fp16.loss_scale", True, (True, 1.0)),
        ("0.19", "zero_optimization.leaf_module.classes", "a", (True, ["a"])),
        ("0.19", "tensor_parallel.dtype", "bf16", (False, "bf16")),
        ("0.19", "compile.passes", ["z1", "z2"], (False, ["z1", "z2"])),
        ("0.19", "gradient_allreduce_op", "MEAN", (True, "mean")),
        ("0.19", "gradient_allreduce_op", "avg", (False, "avg")),
        ("0.19", "wall_clock_breakdown", "true", (False, "true")),
        ("0.19", "dump_state", "false", (True, "false")),
        ("0.19", "train_batch_size", "8", (False, "8")),
        ("0.19", "train_batch_size", 0, (False, 0)),
        ("0.19", "gradient_accumulation_steps", None, (True, None)),
        ("0.19", "zero_optimization", True, (True, True)),
        ("0.19", "fp16", None, (False, None)),
        ("0.19", "checkpoint.tag_validation", "fail", (True, "Fail")),
    ],
)
def test_values(line: str, name: str, value: object, answer: tuple[bool, object]) -> None:
    key = load_schema(line).key(path_of(name))
    assert key is not None
    given = coerce(key, value)
    assert given == answer
    assert type(given[1]) is type(answer[1])


def test_the_files_are_small_enough_to_load_at_once() -> None:
    assert all(file.stat().st_size < 100_000 for file in Path(FOLDER).glob("*.json"))
