"""What pages say of all models and experiments, counted."""

import yaml

import registry
from tests.docs.pages import PROJECT, prose

DEMO = ("demo/*.yaml", "gesture/*_demo.yaml")


def test_the_demo_corpus_has_an_experiment_of_every_model_but_one() -> None:
    files = [path for pattern in DEMO for path in (PROJECT / "training" / "hparams").glob(pattern)]
    experiments = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in files]
    assert {experiment["corpus"] for experiment in experiments} == {"demo"}
    found = {registry.find("model", experiment["model"]) for experiment in experiments}
    [missing] = [name for name in registry.names("model") if registry.find("model", name) not in found]
    for page in ("README.md", "docs/how-to/train.md"):
        assert f"a small experiment of every model but `{missing}`" in prose(PROJECT / page)
