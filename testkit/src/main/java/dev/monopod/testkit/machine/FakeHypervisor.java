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
    private static final AtomicLong NEXT_PID = new AtomicLong(1);
    private final World world;

    public FakeHypervisor(World world) {
        this.world = world;
    }

    @Override
    public VirtualMachine start(MachineConfiguration configuration) {
        var machine = new FakeMachine(world, configuration);
        if (world.machines().putIfAbsent(configuration.id(), machine) != null) {
            throw new MachineException("machine " + configuration.id() + " exists already");
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
        private final long pid = NEXT_PID.getAndIncrement();
        private final CountDownLatch ended = new CountDownLatch(1);

        FakeMachine(World world, MachineConfiguration configuration) {
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
