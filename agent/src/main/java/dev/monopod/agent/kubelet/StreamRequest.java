package dev.monopod.agent.kubelet;

/// Which streams an exec or attach has.
record StreamRequest(boolean stdin, boolean stdout, boolean stderr, boolean tty) {
    /// With a terminal, stderr is part of stdout.
    static StreamRequest of(Exchange exchange) {
        var tty = exchange.flag("tty");
        return new StreamRequest(
                exchange.flag("input", "stdin"),
                exchange.flag("output", "stdout"),
                exchange.flag("error", "stderr") && !tty,
                tty);
    }

    boolean isEmpty() {
        return !stdin && !stdout && !stderr;
    }
}
