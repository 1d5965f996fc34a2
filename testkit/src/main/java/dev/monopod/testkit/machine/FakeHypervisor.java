package dev.monopod.testkit.machine;

import dev.monopod.host.machine.Hypervisor;
import dev.monopod.host.machine.MachineException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/// Machines that are only remembered. Those of one [World] outlive the hypervisor that made them.
/// Keeps what `HypervisorContract` asks of every hypervisor.
public final class FakeHypervisor implements Hypervisor {
    /// What survives the agent.
    public record World(Path folder, Map<String, FakeMachine> machines) {
        public static World in(Path folder) {
            return new World(folder, new ConcurrentHashMap<>());
        }
    }

    private static final int SPARE_DISKS = 3;
    private static final String WAITING = "waits-";
    private static final AtomicLong NEXT_PID = new AtomicLong(1);
    private final World world;
    private final Optional<Size> waits;

    public FakeHypervisor(World world) {
        this.world = world;
        this.waits = Optional.empty();
    }

    /// @param waits a machine of that size always waits for a pod
    public FakeHypervisor(World world, Size waits) {
        this.world = world;
        this.waits = Optional.of(waits);
    }

    @Override
    public Optional<Programs> programs() {
        return Optional.of(new Programs("6.1.0 0123456789ab", "ba9876543210", "7.2.0"));
    }

    @Override
    public Optional<WaitingMachine> reserve(Size size) {
        if (!waits.equals(Optional.of(size))) {
            return Optional.empty();
        }
        var machine =
                new FakeMachine(
                        world,
                        new MachineConfiguration(
                                WAITING + NEXT_PID.get(),
                                size.milliCpu(),
                                size.memoryMebiBytes(),
                                size.scratchBytes(),
                                List.of(),
                                Optional.empty()),
                        NEXT_PID.getAndIncrement());
        world.machines().put(machine.id(), machine);
        return Optional.of(new Waiting(machine));
    }

    /// One that nobody has yet.
    private final class Waiting implements WaitingMachine {
        private final FakeMachine machine;

        Waiting(FakeMachine machine) {
            this.machine = machine;
        }

        @Override
        public long pid() {
            return machine.pid();
        }

        @Override
        public String tapName() {
            return "tap";
        }

        @Override
        public VirtualMachine become(MachineConfiguration configuration) {
            if (!world.machines().remove(machine.id(), machine)) {
                throw new MachineException(machine.id() + " is not to be had any more");
            }
            return started(new FakeMachine(world, configuration, machine.pid()));
        }

        @Override
        public void close() {
            if (world.machines().remove(machine.id(), machine)) {
                machine.crash();
            }
        }
    }

    @Override
    public VirtualMachine start(MachineConfiguration configuration) {
        return started(new FakeMachine(world, configuration, NEXT_PID.getAndIncrement()));
    }

    private VirtualMachine started(FakeMachine machine) {
        if (world.machines().putIfAbsent(machine.id(), machine) != null) {
            throw new MachineException("machine " + machine.id() + " exists already");
        }
        try {
            Files.createFile(machine.channel());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return machine;
    }

    @Override
    public List<VirtualMachine> recover() {
        world.machines().keySet().removeIf(id -> id.startsWith(WAITING));
        return new ArrayList<>(
                world.machines().values().stream().filter(FakeMachine::alive).toList());
    }

    @Override
    public Accelerator accelerator() {
        return Accelerator.TCG;
    }

    /// One remembered machine.
    public static final class FakeMachine implements VirtualMachine {
        private final World world;
        private final String id;
        private final List<Path> disks;
        private final int slots;
        private final long pid;
        private final CountDownLatch ended = new CountDownLatch(1);

        FakeMachine(World world, MachineConfiguration configuration, long pid) {
            this.pid = pid;
            this.world = world;
            this.id = configuration.id();
            this.disks = new ArrayList<>(configuration.imageDisks());
            this.slots = disks.size() + SPARE_DISKS;
        }

        public void crash() {
            ended.countDown();
        }

        @Override
        public String id() {
            return id;
        }

        @Override
        public Path channel() {
            return world.folder().resolve(id + ".sock");
        }

        @Override
        public long pid() {
            return pid;
        }

        @Override
        public boolean alive() {
            return ended.getCount() > 0;
        }

        @Override
        public String awaitExit() throws InterruptedException {
            ended.await();
            return "crashed";
        }

        @Override
        public synchronized int insertDisk(Path imageDisk) {
            if (!disks.contains(imageDisk)) {
                if (disks.size() == slots) {
                    throw new MachineException(
                            "a machine takes at most " + SPARE_DISKS + " different images");
                }
                disks.add(imageDisk);
            }
            return disks.indexOf(imageDisk) + 1;
        }

        @Override
        public void destroy(Duration patience) {
            ended.countDown();
            world.machines().remove(id, this);
            try {
                Files.deleteIfExists(channel());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public String consoleTail() {
            return "";
        }
    }
}
