package dev.monopod.host.program;

/// What a program wrote to one of its outputs.
///
/// @param kept the beginning, at most as long as [Program#mostOutputBytes()]
/// @param droppedBytes how much came after that
public record Text(String kept, long droppedBytes) {
    public static final Text EMPTY = new Text("", 0);
}
