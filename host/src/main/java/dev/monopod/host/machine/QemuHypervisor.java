package dev.monopod.host.machine;

import dev.monopod.host.file.OwnFile.Found;
import dev.monopod.host.machine.MachineCgroup.Share;
import dev.monopod.host.machine.QemuConfiguration.Clones;
import dev.monopod.host.program.HostPrograms;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// [Hypervisor] by QEMU's `microvm`. QEMU runs in a jail ([QemuJail]), with seccomp, in a cgroup.
/// It is started in a session of its own, so that it outlives this agent. A machine begins as a
/// copy of one that has booted, if there is one of its size ([Templates]); else its kernel boots.
/// Thread-safe; machines start in parallel.
public final class QemuHypervisor implements Hypervisor, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(QemuHypervisor.class);

    private static final long ONE_PROCESSOR = 1000;
    private static final long LARGEST_COPY_MEBIBYTES = 8192;

    /// How long a machine starts at most, as far as its share of the processors goes.
    private static final Duration BOOST = Duration.ofSeconds(10);

    private final QemuConfiguration configuration;
    private final Accelerator accelerator;
    private final QemuLauncher launcher;
    private final Templates templates;
    private final ExecutorService background =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("templates").factory());
    private final ScheduledExecutorService later =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("machine-shares").factory());

    /// Finds out, once per boot of the host, whether KVM really boots a machine here.
    public QemuHypervisor(QemuConfiguration configuration) {
        this(configuration, new AcceleratorProbe(configuration).accelerator());
    }

    QemuHypervisor(QemuConfiguration configuration, Accelerator accelerator) {
        var clock = Clock.systemUTC();
        this.configuration = configuration;
        this.accelerator = accelerator;
        this.launcher = new QemuLauncher(configuration, accelerator, new HostPrograms(), clock);
        var random = RandomGenerator.getDefault();
        var maker = new TemplateMaker(configuration, launcher, clock, random);
        this.templates = new Templates(maker::make, background, clock);
    }

    /// Machines of that size will be started: has a template made for them in the background. To be
    /// called after [#recover], which would find the machine that becomes the template.
    public void expect(long milliCpu, long memoryMebiBytes) {
        if (configuration.clones() == Clones.SHARED) {
            key(milliCpu, memoryMebiBytes).ifPresent(templates::request);
        }
    }

    /// Empty if a program is missing: the start itself then says so.
    private Optional<Template.Key> key(long milliCpu, long memoryMebiBytes) {
        try {
            var programs = configuration.programs();
            return Optional.of(Template.Key.of(milliCpu, memoryMebiBytes, programs));
        } catch (IOException e) {
            LOG.debug("no template can be found: {}", e.toString());
            return Optional.empty();
        }
    }

    @Override
    public Accelerator accelerator() {
        return accelerator;
    }

    @Override
    public VirtualMachine start(MachineConfiguration machine) {
        QemuCommand.check(machine);
        var key =
                copiable(machine)
                        ? key(machine.milliCpu(), machine.memoryMebiBytes())
                        : Optional.<Template.Key>empty();
        var started = key.map(known -> started(machine, known)).orElseGet(() -> boot(machine));
        var unused =
                later.schedule(
                        () -> settle(machine.id(), machine.milliCpu()),
                        BOOST.toMillis(),
                        TimeUnit.MILLISECONDS);
        return started;
    }

    /// Only machines with the devices of a template. Each page of a copy is looked at once, so that
    /// a large one had better boot.
    private boolean copiable(MachineConfiguration machine) {
        return configuration.clones() == Clones.SHARED
                && machine.memoryMebiBytes() <= LARGEST_COPY_MEBIBYTES
                && machine.network().isPresent()
                && machine.scratchBytes() <= QemuLauncher.SHARED_SCRATCH_BYTES;
    }

    /// As a copy, if there is a template that works. One is given up only if the machine boots
    /// where it could not be a copy: else it is the machine that can't be started.
    private VirtualMachine started(MachineConfiguration machine, Template.Key key) {
        var found = templates.find(key);
        if (found.isEmpty()) {
            return boot(machine);
        }
        try (var lease = found.get()) {
            return copy(machine, lease.origin());
        } catch (MachineException e) {
            LOG.warn(
                    "machine {} boots, as it can't be a copy of a {}: {}",
                    machine.id(),
                    key,
                    e.getMessage());
        }
        var booted = boot(machine);
        templates.forget(key);
        return booted;
    }

    private QemuMachine boot(MachineConfiguration machine) {
        return launcher.launch(machine, new QemuOrigin.Boot(), starting(machine));
    }

    private QemuMachine copy(MachineConfiguration machine, QemuOrigin template) {
        var started = launcher.launch(machine, template, starting(machine));
        try {
            started.asked(Migration::restore);
            return started;
        } catch (IOException | RuntimeException e) {
            started.destroy(Duration.ZERO);
            throw new MachineException("restoring it failed: " + e.getMessage(), e);
        }
    }

    /// A start takes as much processor time for a small machine as for a large one, and somebody
    /// waits for it.
    private static Share starting(MachineConfiguration machine) {
        return Share.of(Math.max(ONE_PROCESSOR, machine.milliCpu()));
    }

    private void settle(String id, long milliCpu) {
        if (milliCpu > 0) {
            new MachineCgroup(id).limit(Share.of(milliCpu), accelerator);
        }
    }

    @Override
    public List<VirtualMachine> recover() {
        var machines = new ArrayList<VirtualMachine>();
        for (var id : recorded()) {
            var files = MachineFiles.of(configuration, id);
            var process = running(id, files);
            if (process.isPresent()) {
                machines.add(new QemuMachine(id, files, process.get().process()));
                // The agent before may have ended while the machine started.
                settle(id, process.get().milliCpu());
            } else {
                QemuLauncher.discard(id, files);
            }
        }
        return machines;
    }

    /// Ends what is made in the background; machines run on.
    @Override
    public void close() {
        templates.close();
        background.shutdownNow();
        later.shutdownNow();
    }

    /// The machine's QEMU by its record; if that can't be used, by its cgroup.
    private Optional<MachineRecord> running(String id, MachineFiles files) {
        try {
            return switch (MachineRecord.read(launcher.record(files))) {
                case Found.Whole<MachineRecord>(var record) ->
                        Optional.of(record).filter(it -> it.process().alive());
                case Found.Absent<MachineRecord>() -> Optional.empty();
                case Found.Damaged<MachineRecord>() -> byCgroup(id, files);
            };
        } catch (IOException e) {
            LOG.warn("machine {}: {}", id, e.getMessage());
            return inCgroup(id);
        }
    }

    private static Optional<MachineRecord> inCgroup(String id) {
        return new MachineCgroup(id)
                .onlyProcess()
                .map(found -> new MachineRecord(id, found.pid(), found.startTicks(), 0));
    }

    private Optional<MachineRecord> byCgroup(String id, MachineFiles files) {
        var found = inCgroup(id);
        try {
            if (found.isPresent()) {
                found.get().write(launcher.record(files));
                LOG.warn("machine {}: its QEMU is process {}", id, found.get().pid());
            }
        } catch (IOException e) {
            LOG.warn("machine {}: {}", id, e.getMessage());
        }
        return found;
    }

    private List<String> recorded() {
        if (!Files.isDirectory(configuration.machines())) {
            return List.of();
        }
        try (var folders = Files.list(configuration.machines())) {
            return folders.map(folder -> folder.toFile().getName()).toList();
        } catch (IOException e) {
            throw new MachineException("cannot list " + configuration.machines(), e);
        }
    }
}
