package dev.monopod.testkit.program;

import dev.monopod.host.program.Outcome;
import dev.monopod.host.program.Program;
import dev.monopod.host.program.ProgramFailure;
import dev.monopod.host.program.ProgramRunner;
import dev.monopod.host.program.Running;
import dev.monopod.host.program.Text;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Runs programs by another runner, but those that have a fault fail until they are mended.
/// Remembers what was asked of it. Thread-safe.
public final class FaultyPrograms implements ProgramRunner {
    private final ProgramRunner sound;
    private final Map<String, Broken> broken = new ConcurrentHashMap<>();
    private final List<Program> asked = new CopyOnWriteArrayList<>();

    /// How a program fails.
    public sealed interface Fault {
        /// It ends at once.
        record Ends(int code, String errors) implements Fault {}

        /// It is not installed.
        record Missing() implements Fault {}

        /// It does nothing for as long as its limit allows, as a program does that waits for a lock
        /// of the kernel. Mended meanwhile, it runs.
        record Hangs() implements Fault {}
    }

    private record Broken(Fault fault, CountDownLatch mended) {}

    /// @param sound runs what has no fault
    public FaultyPrograms(ProgramRunner sound) {
        this.sound = sound;
    }

    /// @param name the program's, as it is called: `nft`, or a path
    public void fail(String name, Fault fault) {
        mend(name);
        broken.put(name, new Broken(fault, new CountDownLatch(1)));
    }

    public void mend(String name) {
        Optional.ofNullable(broken.remove(name)).ifPresent(each -> each.mended().countDown());
    }

    /// Every program that was to run, in order.
    public List<Program> asked() {
        return List.copyOf(asked);
    }

    @Override
    public Outcome run(Program program) {
        asked.add(program);
        var found = Optional.ofNullable(broken.get(program.command().getFirst()));
        return found.isEmpty() ? sound.run(program) : run(program, found.get());
    }

    private Outcome run(Program program, Broken how) {
        return switch (how.fault()) {
            case Fault.Ends(var code, var errors) ->
                    new Outcome.Ended(code, Text.EMPTY, new Text(errors, 0));
            case Fault.Missing() -> new Outcome.NotStarted(missing(program));
            case Fault.Hangs() -> hang(program, how.mended());
        };
    }

    private Outcome hang(Program program, CountDownLatch mended) {
        try {
            return mended.await(program.limit().toNanos(), TimeUnit.NANOSECONDS)
                    ? sound.run(program)
                    : new Outcome.TooLate(Text.EMPTY, Text.EMPTY);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Outcome.Interrupted();
        }
    }

    /// A program that hangs or ends at once can be started all the same.
    @Override
    public Running start(Program program, Path log) throws ProgramFailure {
        asked.add(program);
        var found = Optional.ofNullable(broken.get(program.command().getFirst()));
        if (found.map(Broken::fault).filter(Fault.Missing.class::isInstance).isPresent()) {
            throw new ProgramFailure("cannot run %s: %s".formatted(program, missing(program)));
        }
        return sound.start(program, log);
    }

    private static String missing(Program program) {
        return "there is no program %s on the PATH".formatted(program.command().getFirst());
    }
}
