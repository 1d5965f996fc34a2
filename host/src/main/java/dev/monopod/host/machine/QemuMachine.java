package dev.monopod.host.machine;

import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One QEMU process and what belongs to it on the host. It need not be a child of this agent.
final class QemuMachine implements VirtualMachine {
    private static final Logger LOG = LoggerFactory.getLogger(QemuMachine.class);
    private static final Duration LOG_LOOK = Duration.ofSeconds(2);
    private static final Duration KILL_PATIENCE = Duration.ofSeconds(10);

    private static final Map<String, Object> CONSOLE = Map.of("device", "console", "size", 16_384);

    private final String id;
    private final MachineFiles files;
    private final MachineProcess process;
    private final ProcessEnd end;
    private final MachineCgroup group;
    private final ReentrantLock monitor = new ReentrantLock();

    QemuMachine(String id, MachineFiles files, MachineProcess process) {
        this(id, files, process, ProcessEnd.of(process), new MachineCgroup(files.slot()));
    }

    private QemuMachine(
            String id,
            MachineFiles files,
            MachineProcess process,
            ProcessEnd end,
            MachineCgroup group) {
        this.id = id;
        this.files = files;
        this.process = process;
        this.end = end;
        this.group = group;
    }

    /// The same machine, once its files have that name.
    QemuMachine renamed(String name, MachineFiles moved) {
        return new QemuMachine(name, moved, process, end, group);
    }

    MachineCgroup group() {
        return group;
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public Path channel() {
        return files.channel();
    }

    MachineFiles files() {
        return files;
    }

    MachineProcess process() {
        return process;
    }

    @Override
    public long pid() {
        return process.pid();
    }

    @Override
    public boolean alive() {
        return process.alive();
    }

    @Override
    public String awaitExit() throws InterruptedException {
        while (!end.within(LOG_LOOK)) {
            files.log().bound();
        }
        if (group.outOfMemory()) {
            return "its QEMU process was killed: the machine's cgroup was out of memory";
        }
        var words = files.log().tail();
        return words.isEmpty() ? "its QEMU process ended" : words;
    }

    @Override
    public void destroy(Duration patience) {
        try {
            if (!end.within(patience)) {
                process.kill();
                if (!end.within(KILL_PATIENCE)) {
                    throw new MachineException(
                            "QEMU process %d of %s does not die".formatted(process.pid(), id));
                }
            }
        } catch (InterruptedException e) {
            process.kill();
            Thread.currentThread().interrupt();
        }
        group.remove();
        files.remove();
    }

    @Override
    public int insertDisk(Path imageDisk) {
        try {
            return asked(qmp -> new SpareDisks(qmp).insert(files.show(imageDisk)));
        } catch (IOException e) {
            throw new MachineException(
                    "failed to put %s into %s: %s".formatted(imageDisk, id, e.getMessage()), e);
        }
    }

    @Override
    public String consoleTail() {
        try {
            return asked(qmp -> qmp.execute("ringbuf-read", CONSOLE)).asText();
        } catch (IOException e) {
            LOG.debug("{}: no console: {}", id, e.toString());
            return files.log().tail();
        }
    }

    interface Question<T> {
        T of(Qmp monitor) throws IOException;
    }

    /// Asks the machine's monitor, one question after the other.
    <T> T asked(Question<T> question) throws IOException {
        monitor.lock();
        try (var qmp = Qmp.connect(files.qmp())) {
            return question.of(qmp);
        } finally {
            monitor.unlock();
        }
    }
}
