"""A file for each thing that is trained: its recipe beside its trainer. Around them the loop, the run, the losses."""
