package dev.monopod.host.machine;

import dev.monopod.host.file.OwnFile.Found;
import dev.monopod.host.machine.QemuConfiguration.Clones;
import dev.monopod.host.program.HostPrograms;
import dev.monopod.model.time.SteadyClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// [Hypervisor] by QEMU's `microvm`. QEMU runs in a jail ([QemuJail]), with seccomp, in a cgroup.
/// It is started in a session of its own, so that it outlives this agent. A machine begins as a
/// copy of one that has booted, if there is one of its size ([Templates]); else its kernel boots.
/// Thread-safe; machines start in parallel.
public final class QemuHypervisor implements Hypervisor, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(QemuHypervisor.class);

    private static final long LARGEST_COPY_MEBIBYTES = 8192;

    private final QemuConfiguration configuration;
    private final Accelerator accelerator;
    private final QemuLauncher launcher;
    private final Templates templates;
    private final ExecutorService background =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("templates").factory());
    private final MachineShares shares;
    private final ProgramVersions versions;
    private final QemuPool pool;

    /// Finds out, once per boot of the host, whether KVM really boots a machine here.
    public QemuHypervisor(QemuConfiguration configuration, Warm warm) {
        this(configuration, new AcceleratorProbe(configuration).accelerator(), warm);
    }

    QemuHypervisor(QemuConfiguration configuration, Accelerator accelerator, Warm warm) {
        var steady = SteadyClock.ofProcess();
        this.configuration = configuration;
        this.accelerator = accelerator;
        this.launcher =
                new QemuLauncher(configuration, accelerator, new HostPrograms(), Clock.systemUTC());
        var random = RandomGenerator.getDefault();
        var maker = new TemplateMaker(configuration, launcher, this::shared, steady, random);
        this.templates = new Templates(maker::make, background, steady);
        this.shares = new MachineShares(accelerator);
        this.versions = new ProgramVersions(configuration, new HostPrograms());
        this.pool = new QemuPool(configuration, launcher, templates, warm, shares);
    }

    /// How machines wait for pods.
    ///
    /// @param each of each size that was asked for lately; 0: none
    /// @param rehearsal before a machine waits
    public record Warm(int each, Rehearsal rehearsal) {
        /// Every machine begins when a pod needs it.
        public static final Warm NONE = new Warm(0, _ -> {});
    }

    /// Has a guest do once, without any effect that lasts, what a pod's start asks of it.
    public interface Rehearsal {
        /// The channel is free again when it returns.
        ///
        /// @throws IOException when the guest did not answer as it should: it is not used then
        void at(Path channel) throws IOException;
    }

    /// Machines of that size will be started: has a template made for them in the background, and
    /// some that wait. To be called after [#recover], which would find the machine that becomes the
    /// template.
    public void expect(Size size) {
        if (configuration.clones() != Clones.OFF) {
            key(size.milliCpu(), size.memoryMebiBytes())
                    .ifPresent(key -> {
                        templates.request(key);
                        pool.expect(key, size);
                    });
        }
    }

    @Override
    public Optional<WaitingMachine> reserve(Size size) {
        return copiable(size)
                ? key(size.milliCpu(), size.memoryMebiBytes()).flatMap(key -> pool.take(key, size))
                : Optional.empty();
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
    public Optional<Programs> programs() {
        return versions.programs();
    }

    @Override
    public Accelerator accelerator() {
        return accelerator;
    }

    @Override
    public VirtualMachine start(MachineConfiguration machine) {
        QemuCommand.check(machine);
        var size = new Size(machine.milliCpu(), machine.memoryMebiBytes(), machine.scratchBytes());
        var key =
                machine.network().isPresent() && copiable(size)
                        ? key(machine.milliCpu(), machine.memoryMebiBytes())
                        : Optional.<Template.Key>empty();
        try (var _ = pool.start()) {
            var started = key.map(known -> started(machine, known)).orElseGet(() -> boot(machine));
            shares.settleSoon(started.group(), machine.milliCpu());
            return started;
        }
    }

    /// Only machines with the devices of a template. Each page of a copy is looked at once, so that
    /// a large one had better boot.
    private boolean copiable(Size size) {
        return configuration.clones() != Clones.OFF
                && size.memoryMebiBytes() <= LARGEST_COPY_MEBIBYTES
                && size.scratchBytes() <= QemuLauncher.SHARED_SCRATCH_BYTES;
    }

    private boolean shared(long mebiBytes) {
        try {
            return configuration.clones() == Clones.SHARED
                    && new Sharing(HostMemory.read(), sharedMebiBytes()).allows(mebiBytes);
        } catch (IOException e) {
            LOG.debug("no memory is shared: {}", e.toString());
            return false;
        }
    }

    /// What the host's memory has less for machines of their own: templates that copies share, also
    /// those of an agent before this one that only copies are left of.
    public long sharedMebiBytes() {
        var seen = new ArrayList<>(templates.shared());
        for (var id : recorded()) {
            MachineFiles.of(configuration, id).shared().ifPresent(seen::add);
        }
        return SharedMemory.mebiBytes(seen);
    }

    /// As a copy, if there is a template that works. One is given up only if the machine boots
    /// where it could not be a copy: else it is the machine that can't be started.
    private QemuMachine started(MachineConfiguration machine, Template.Key key) {
        var found = templates.find(key);
        if (found.isEmpty()) {
            return boot(machine);
        }
        try (var lease = found.get()) {
            return copy(machine, lease);
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
        return launcher.launch(machine, new QemuOrigin.Boot(), MachineShares.starting(machine));
    }

    private QemuMachine copy(MachineConfiguration machine, Template.Lease template) {
        var started = launcher.launch(machine, template.origin(), MachineShares.starting(machine));
        try {
            started.asked(qmp -> Migration.restore(qmp, template.saved()));
            return started;
        } catch (IOException | RuntimeException e) {
            started.destroy(Duration.ZERO);
            throw new MachineException("restoring it failed: " + e.getMessage(), e);
        }
    }

    @Override
    public List<VirtualMachine> recover() {
        var machines = new ArrayList<VirtualMachine>();
        for (var id : recorded()) {
            var files = MachineFiles.of(configuration, id);
            var process = running(id, files);
            if (process.isEmpty()) {
                QemuLauncher.discard(id, files);
                continue;
            }
            var machine = new QemuMachine(id, files, process.get().process());
            if (QemuPool.waits(id) || TemplateMaker.makes(id)) {
                machine.destroy(Duration.ZERO);
                continue;
            }
            machines.add(machine);
            // The agent before may have ended while the machine started.
            shares.settle(machine.group(), process.get().milliCpu());
        }
        removeAbandoned();
        return machines;
    }

    private void removeAbandoned() {
        try {
            MachineFiles.removeAbandoned(configuration);
        } catch (IOException e) {
            throw new MachineException("cannot remove what machines left", e);
        }
    }

    /// Ends what is made in the background, and what waits; machines run on.
    @Override
    public void close() {
        pool.close();
        templates.close();
        background.shutdownNow();
        shares.close();
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
            return inCgroup(id, files);
        }
    }

    private static Optional<MachineRecord> inCgroup(String id, MachineFiles files) {
        return new MachineCgroup(files.slot())
                .onlyProcess()
                .map(found -> new MachineRecord(id, found.pid(), found.startTicks(), 0));
    }

    private Optional<MachineRecord> byCgroup(String id, MachineFiles files) {
        var found = inCgroup(id, files);
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
