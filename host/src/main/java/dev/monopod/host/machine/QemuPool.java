package dev.monopod.host.machine;

import dev.monopod.host.machine.Hypervisor.MachineConfiguration;
import dev.monopod.host.machine.Hypervisor.Size;
import dev.monopod.host.machine.Hypervisor.TapDevice;
import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import dev.monopod.host.machine.Hypervisor.WaitingMachine;
import dev.monopod.host.machine.QemuConfiguration.Clones;
import dev.monopod.host.machine.QemuHypervisor.Warm;
import dev.monopod.model.time.SteadyClock;
import java.io.IOException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// QEMUs that wait for pods: copies of a template that have been restored, have answered once, and
/// stand still. All that is a machine's own on the host (user, folders, jail, control groups, tap)
/// is made with them, so a pod only names it. An agent that comes later ends those that it finds.
/// Thread-safe.
final class QemuPool implements AutoCloseable {
    /// Begins the ids of machines that wait, which no Machine object has.
    private static final String PREFIX = "warm-";

    private static final Logger LOG = LoggerFactory.getLogger(QemuPool.class);
    private static final Duration LOOK = Duration.ofMillis(500);

    /// A start goes on in the guest after its machine has begun.
    private static final Duration QUIET = Duration.ofSeconds(2);

    /// The guest has seen that the connection is over.
    private static final Duration SETTLING = Duration.ofMillis(300);

    /// With a machine that is being made when the agent ends.
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    /// Of the host's memory, one part in so many stays free.
    private static final long RESERVE_PART = 10;

    /// If only one part in so many is free, those that wait go.
    private static final long PRESSED_PART = 20;

    /// Of the host's memory, one part in so many is what all that wait take at most.
    private static final long POOL_PART = 16;

    /// Of the host's memory, what a machine takes that waits: measured, where copies share their
    /// template's and where they do not, and more than either.
    private static final long SHARED_MEBIBYTES = 100;

    private static final long OWN_MEBIBYTES = 220;

    private static final TapDevice NOWHERE = new TapDevice("", "", "02:00:00:00:00:00");

    private final QemuConfiguration configuration;
    private final QemuLauncher launcher;
    private final Templates templates;
    private final Warm warm;
    private final RandomGenerator random = RandomGenerator.getDefault();
    private final MachineShares shares;
    private final WarmMachines<WaitingQemu> machines;
    private final AtomicInteger starting = new AtomicInteger();
    private volatile long lastStart = System.nanoTime();
    private final ScheduledExecutorService steps =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("warm-machines").factory());

    QemuPool(
            QemuConfiguration configuration,
            QemuLauncher launcher,
            Templates templates,
            Warm warm,
            MachineShares shares) {
        this.configuration = configuration;
        this.launcher = launcher;
        this.templates = templates;
        this.warm = warm;
        this.shares = shares;
        this.machines =
                new WarmMachines<>(warm.each(), this::make, new Host(), SteadyClock.ofProcess());
        if (warm.each() > 0) {
            var unused =
                    steps.scheduleWithFixedDelay(
                            this::step, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /// Whether a machine of that id is nobody's.
    static boolean waits(String id) {
        return id.startsWith(PREFIX);
    }

    void expect(Template.Key key, Size size) {
        machines.expect(new WarmMachines.Size(key, size.scratchBytes()));
    }

    Optional<WaitingMachine> take(Template.Key key, Size size) {
        var taken = machines.take(new WarmMachines.Size(key, size.scratchBytes()));
        if (taken.isPresent()) {
            lastStart = System.nanoTime();
        }
        return taken.map(found -> found);
    }

    /// No machine is made for the pool until this is closed, and for a moment after.
    Start start() {
        starting.incrementAndGet();
        return new Start();
    }

    final class Start implements AutoCloseable {
        @Override
        public void close() {
            lastStart = System.nanoTime();
            starting.decrementAndGet();
        }
    }

    private void step() {
        try {
            machines.step();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.warn("machines that wait are not tended: {}", e.toString());
        }
    }

    private Optional<WaitingQemu> make(WarmMachines.Size size)
            throws IOException, InterruptedException {
        var found = templates.find(size.key());
        if (found.isEmpty()) {
            return Optional.empty();
        }
        var digits = HexFormat.of().toHexDigits(random.nextLong());
        var tap = "w" + digits.substring(0, 12);
        try (var lease = found.get()) {
            var machine = machine(PREFIX + digits, size);
            var origin = lease.waiting(tap);
            var started = launcher.launch(machine, origin, TemplateMaker.share(size.key()));
            var complete = false;
            try {
                started.asked(qmp -> Migration.restore(qmp, lease.saved()));
                warm.rehearsal().at(started.channel());
                TimeUnit.NANOSECONDS.sleep(SETTLING.toNanos());
                started.asked(Migration::halt);
                complete = true;
                return Optional.of(new WaitingQemu(started, tap));
            } finally {
                if (!complete) {
                    started.destroy(Duration.ZERO);
                }
            }
        }
    }

    private static MachineConfiguration machine(String id, WarmMachines.Size size) {
        return new MachineConfiguration(
                id,
                size.key().processors() * 1000,
                size.key().memoryMebiBytes(),
                size.scratchBytes(),
                List.of(),
                Optional.of(NOWHERE));
    }

    /// What the host is like now.
    private final class Host implements WarmMachines.Conditions {
        @Override
        public boolean quiet() {
            return starting.get() == 0 && System.nanoTime() - lastStart > QUIET.toNanos();
        }

        @Override
        public boolean room(long mebiBytes, int waiting) {
            return memory().filter(memory -> fits(memory, mebiBytes, waiting)).isPresent();
        }

        private boolean fits(HostMemory memory, long mebiBytes, int waiting) {
            if (waiting > 0
                    && (waiting + 1) * taken(mebiBytes) > memory.totalMebiBytes() / POOL_PART) {
                return false;
            }
            var left = memory.availableMebiBytes() - QemuCommand.memoryMebiBytes(mebiBytes);
            return left > memory.totalMebiBytes() / RESERVE_PART;
        }

        private long taken(long mebiBytes) {
            return configuration.clones() == Clones.SHARED && mebiBytes <= Sharing.LARGEST_MEBIBYTES
                    ? SHARED_MEBIBYTES
                    : OWN_MEBIBYTES;
        }

        @Override
        public boolean pressed() {
            return memory().filter(memory ->
                            memory.availableMebiBytes() < memory.totalMebiBytes() / PRESSED_PART)
                    .isPresent();
        }

        private Optional<HostMemory> memory() {
            try {
                return Optional.of(HostMemory.read());
            } catch (IOException e) {
                LOG.debug("the memory that is left is not known: {}", e.toString());
                return Optional.empty();
            }
        }

        @Override
        public boolean current(WarmMachines.Size size) {
            try {
                return configuration.programs().equals(size.key().programs());
            } catch (IOException e) {
                LOG.debug("no machine waits: {}", e.toString());
                return false;
            }
        }
    }

    /// One of them.
    final class WaitingQemu implements WaitingMachine, WarmMachines.Waiting {
        private final QemuMachine machine;
        private final String tap;
        private boolean left;

        WaitingQemu(QemuMachine machine, String tap) {
            this.machine = machine;
            this.tap = tap;
        }

        @Override
        public long pid() {
            return machine.pid();
        }

        @Override
        public String tapName() {
            return tap;
        }

        @Override
        public boolean alive() {
            return machine.alive();
        }

        /// Its images are in it before it has the name: what an agent finds by a name is whole.
        @Override
        public synchronized VirtualMachine become(MachineConfiguration wanted) {
            if (left) {
                throw new MachineException(machine.id() + " is not to be had any more");
            }
            left = true;
            try {
                return became(wanted);
            } catch (IOException | RuntimeException e) {
                machine.destroy(Duration.ZERO);
                throw new MachineException(
                        "failed to make %s of %s: %s"
                                .formatted(wanted.id(), machine.id(), e.getMessage()),
                        e);
            }
        }

        private QemuMachine became(MachineConfiguration wanted) throws IOException {
            QemuCommand.check(wanted);
            if (!machine.alive()) {
                throw new IOException("it has ended");
            }
            for (var i = 0; i < wanted.imageDisks().size(); i++) {
                var slot = machine.insertDisk(wanted.imageDisks().get(i));
                if (slot != i + 1) {
                    throw new IOException("disk %d is in slot %d".formatted(i + 1, slot));
                }
            }
            shares.start(machine.group(), wanted);
            var files = MachineFiles.of(configuration, wanted.id());
            var process = machine.process();
            new MachineRecord(wanted.id(), process.pid(), process.startTicks(), wanted.milliCpu())
                    .write(launcher.record(machine.files()));
            machine.files().become(files);
            var named = machine.renamed(wanted.id(), files);
            try {
                named.asked(Migration::resume);
                return named;
            } catch (IOException | RuntimeException e) {
                named.destroy(Duration.ZERO);
                throw e;
            }
        }

        @Override
        public void close() {
            end();
        }

        @Override
        public synchronized void end() {
            if (!left) {
                left = true;
                machine.destroy(Duration.ZERO);
            }
        }
    }

    /// Ends the machines that wait. One that is being made is ended by whoever makes it, or, if
    /// that takes too long, by the next agent.
    @Override
    public void close() {
        machines.close();
        steps.shutdown();
        try {
            if (!steps.awaitTermination(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                steps.shutdownNow();
            }
        } catch (InterruptedException e) {
            steps.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
