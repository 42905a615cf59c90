"""The job through Hugging Face Accelerate."""

from __future__ import annotations

from typing import Any

from accelerate import Accelerator, DeepSpeedPlugin, PartialState
from accelerate.utils import DummyOptim, DummyScheduler
from torch import Tensor
from torch.utils.data import DataLoader

from . import build
from .finish import finish
from .hugging_face import join_on_cpu
from .loop import Pass, steps
from .plain import client_optimizer, squeeze
from .recorder import Recorder


def train(plan: dict[str, Any], record: Recorder) -> None:
    """As plain, but Accelerate calls deepspeed.initialize, backward and step."""
    accelerator = make_accelerator(plan)
    squeeze(plan)
    record.phase("model")
    model = build.model(plan)
    record.phase("initialize")
    engine, *rest = accelerator.prepare(model, *companions(plan, model))
    record.phase("train")
    one_pass = passing(accelerator, engine, rest)
    steps(engine, plan, record, one_pass)
    finish(engine, plan, record, one_pass)


def make_accelerator(plan: dict[str, Any]) -> Any:
    """With the configuration as a plugin; the launcher's own file counts for starting only."""
    if plan["device"] == "cpu":
        join_on_cpu()
        PartialState(cpu=True)
    written = plan["config"].get("gradient_accumulation_steps")
    plugin = DeepSpeedPlugin(
        hf_ds_config=plan["config"],
        gradient_accumulation_steps=1 if written == "auto" else None,
        zero3_init_flag=False,  # build.model does it
    )
    return Accelerator(deepspeed_plugin=plugin)


def companions(plan: dict[str, Any], model: Any) -> list[Any]:
    """Optimizer, data and scheduler; stand-ins for what the configuration has itself."""
    own = client_optimizer(plan, model)
    optimizer = DummyOptim(model.parameters()) if own is None else own
    # the data come from the loop; this one tells Accelerate the batch size
    loader = DataLoader([0] * plan["micro_batch"], batch_size=plan["micro_batch"])
    if "scheduler" in plan["config"]:
        return [optimizer, loader, DummyScheduler(optimizer)]
    return [optimizer, loader]


def passing(accelerator: Any, engine: Any, rest: list[Any]) -> Pass:
    """One micro batch as Accelerate's documentation writes it."""
    optimizer, _, *schedulers = rest

    def one_pass(tokens: Tensor) -> Tensor:
        with accelerator.accumulate(engine):
            loss: Tensor = engine(tokens)
            accelerator.backward(loss)
            optimizer.step()
            for scheduler in schedulers:
                scheduler.step()
            optimizer.zero_grad()
        return loss

    return one_pass
