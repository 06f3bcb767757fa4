"""Spoken words: transcripts with their timing, vocabularies and word vectors."""
