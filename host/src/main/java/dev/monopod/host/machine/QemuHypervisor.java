package dev.monopod.host.machine;

import dev.monopod.host.file.OwnFile.Found;
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
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// [Hypervisor] by QEMU's `microvm`. QEMU runs in a jail ([QemuJail]), with seccomp, in a cgroup.
/// It is started in a session of its own, so that it outlives this agent. A machine begins as a
/// copy of one that has booted, if there is one of its size ([Templates]); else its kernel boots.
/// Thread-safe; machines start in parallel.
public final class QemuHypervisor implements Hypervisor, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(QemuHypervisor.class);

    private final QemuConfiguration configuration;
    private final Accelerator accelerator;
    private final QemuLauncher launcher;
    private final Templates templates;
    private final ExecutorService background =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("templates").factory());

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
            templates.request(
                    new Template.Key(QemuCommand.processors(milliCpu), memoryMebiBytes));
        }
    }

    @Override
    public Accelerator accelerator() {
        return accelerator;
    }

    @Override
    public VirtualMachine start(MachineConfiguration machine) {
        QemuCommand.check(machine);
        var copied = copiable(machine) ? copy(machine) : Optional.<VirtualMachine>empty();
        return copied.orElseGet(
                () -> launcher.launch(machine, new QemuOrigin.Boot(), machine.milliCpu()));
    }

    /// Only machines with the devices of a template.
    private boolean copiable(MachineConfiguration machine) {
        return configuration.clones() == Clones.SHARED
                && machine.network().isPresent()
                && machine.scratchBytes() <= QemuLauncher.SHARED_SCRATCH_BYTES;
    }

    /// Empty if there is no template yet, or it does not work: then the machine boots.
    private Optional<VirtualMachine> copy(MachineConfiguration machine) {
        var key = Template.Key.of(machine);
        var found = templates.find(key);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        try (var lease = found.get()) {
            var started = launcher.launch(machine, lease.origin(), machine.milliCpu());
            try {
                started.asked(Migration::restore);
                return Optional.of(started);
            } catch (IOException | RuntimeException e) {
                started.destroy(Duration.ZERO);
                throw new MachineException("restoring it failed: " + e.getMessage(), e);
            }
        } catch (MachineException e) {
            LOG.warn(
                    "machine {} boots, as it can't be a copy of a {}: {}",
                    machine.id(),
                    key,
                    e.getMessage());
            templates.forget(key);
            return Optional.empty();
        }
    }

    @Override
    public List<VirtualMachine> recover() {
        var machines = new ArrayList<VirtualMachine>();
        for (var id : recorded()) {
            var files = MachineFiles.of(configuration, id);
            var process = running(id, files);
            if (process.isPresent()) {
                machines.add(new QemuMachine(id, files, process.get()));
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
    }

    /// The machine's QEMU by its record; if that can't be used, by its cgroup.
    private Optional<MachineProcess> running(String id, MachineFiles files) {
        try {
            return switch (MachineRecord.read(launcher.record(files))) {
                case Found.Whole<MachineRecord>(var record) ->
                        Optional.of(record.process()).filter(MachineProcess::alive);
                case Found.Absent<MachineRecord>() -> Optional.empty();
                case Found.Damaged<MachineRecord>() -> byCgroup(id, files);
            };
        } catch (IOException e) {
            LOG.warn("machine {}: {}", id, e.getMessage());
            return new MachineCgroup(id).onlyProcess();
        }
    }

    private Optional<MachineProcess> byCgroup(String id, MachineFiles files) {
        var found = new MachineCgroup(id).onlyProcess();
        try {
            if (found.isPresent()) {
                var process = found.get();
                new MachineRecord(id, process.pid(), process.startTicks())
                        .write(launcher.record(files));
                LOG.warn("machine {}: its QEMU is process {}", id, process.pid());
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
