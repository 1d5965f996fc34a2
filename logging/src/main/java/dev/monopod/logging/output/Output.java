package dev.monopod.logging.output;

/// Where one `[OUTPUT]` sends records.
public sealed interface Output permits SearchOutput, CloudWatchOutput, StreamOutput, HttpOutput {}
