"""What the page says no to: one sentence for its user, with the HTTP status that fits."""

from http import HTTPStatus


class RequestError(Exception):
    """A request that is not carried out; `str(error)` is the sentence that the page shows."""

    def __init__(self, sentence: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST):
        super().__init__(sentence)
        self.status = status
