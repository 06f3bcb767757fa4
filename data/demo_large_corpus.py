"""The demo corpus with four times as many songs to train on, and no talks."""

from data.demo_corpus import DemoCorpus
from data.demo_songs import SPLITS


class DemoLargeCorpus(DemoCorpus):
    """The dances of the demo corpus, and 84 songs more to train on; those that are held out are the same.

    With 28 songs a model that remembers five seconds knows its songs by heart before it has learnt to listen.
    """

    parts = ("dance",)
    more_songs = 3 * SPLITS["train"]
