"""The parts of the local web page: what is uploaded, the queue of jobs, and the server."""
