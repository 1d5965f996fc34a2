package dev.monopod.agent.machine;

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
public final class FakeHypervisor implements Hypervisor {
    /// What survives the agent.
    public record World(Path folder, Map<String, FakeMachine> machines) {
        public static World in(Path folder) {
            return new World(folder, new ConcurrentHashMap<>());
        }
    }

    private static final AtomicLong NEXT_PID = new AtomicLong(1);
    private final World world;

    public FakeHypervisor(World world) {
        this.world = world;
    }

    @Override
    public VirtualMachine start(MachineConfiguration configuration) {
        var machine = new FakeMachine(world, configuration.id());
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
        private final long pid = NEXT_PID.getAndIncrement();
        private final CountDownLatch ended = new CountDownLatch(1);

        FakeMachine(World world, String id) {
            this.world = world;
            this.id = id;
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
