"""The command lines of the published gesture system are understood, in dashes and in underscores."""

import pytest

from training.options import parse

CONTEXT = (
    "contextseq2seq --gpus 1 --predicted-poses 20 --previous-poses 10 --serialize-dir new --max_epochs 100 --stride 1 "
    "--batch_size 50 --embedding embeddings/glove.6B.100d.txt --text_folder data/Transcripts"
)
WORDS = (
    "wordsseq2seq --gpus 1 --predicted-poses 20 --previous-poses 10 --serialize-dir new --max_epochs 100 --stride 1 "
    "--batch_size 512 --with_context --embedding embeddings/glove.6B.100d.txt --text_folder data/Transcripts "
    "--alpha 0.01 --beta 1"
)


@pytest.mark.parametrize("line", [CONTEXT, WORDS])
def test_a_published_command_line_means_the_same_here(line: str) -> None:
    opt = parse(line.split())
    assert (opt.gpus, opt.predicted_poses, opt.previous_poses, opt.stride, opt.max_epochs) == (1, 20, 10, 1, 100)
    assert opt.experiments_dir.endswith("new")
    assert opt.embedding.endswith("embeddings/glove.6B.100d.txt")
    assert opt.text_folder.endswith("data/Transcripts")
    assert (opt.alpha, opt.beta) == (0.01, 1.0)
    assert vars(parse(line.replace("-poses", "_poses").replace("serialize-dir", "serialize_dir").split())) == vars(opt)
