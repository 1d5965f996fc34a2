package dev.monopod.cli.doctor;

/// One finding about this machine.
///
/// @param detail what was found
/// @param fix what the user can do; empty for [Level#PASS]
record Probe(String name, Level level, String detail, String fix) {
    /// How much a finding matters: only `FAIL` stops `up`.
    enum Level {
        PASS,
        WARN,
        FAIL
    }

    static Probe pass(String name, String detail) {
        return new Probe(name, Level.PASS, detail, "");
    }

    static Probe warn(String name, String detail, String fix) {
        return new Probe(name, Level.WARN, detail, fix);
    }

    static Probe fail(String name, String detail, String fix) {
        return new Probe(name, Level.FAIL, detail, fix);
    }

    String line() {
        var text = "%-4s  %-22s %s".formatted(level, name, detail);
        return fix.isEmpty() ? text : text + "\n      %-22s → %s".formatted("", fix);
    }
}
