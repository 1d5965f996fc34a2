package dev.monopod.host.machine;

import dev.monopod.host.file.PrivateFiles;
import dev.monopod.host.kernel.KernelException;
import dev.monopod.host.kernel.SealedMemory;
import dev.monopod.host.machine.Hypervisor.MachineConfiguration;
import dev.monopod.host.machine.MachineCgroup.Share;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes templates: boots a machine of that size in the background, with little processor time, and
/// stops it once its guest listens. The machine is gone then.
final class TemplateMaker {
    /// Prefix of the ids of such machines, which no Machine object has.
    private static final String PREFIX = "template-";

    private static final Duration BOOT_LIMIT = Duration.ofMinutes(5);
    private static final Duration LOOK = Duration.ofMillis(100);

    /// The guest has nothing to do any more.
    private static final Duration SETTLING = Duration.ofSeconds(1);

    private static final Duration SAVE_LIMIT = Duration.ofSeconds(60);

    /// Thousandths of a processor, while others want some.
    private static final long WEIGHT = 2;

    private static final long ONE_PROCESSOR = 1000;

    private static final int MOST_BYTES = 512 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(TemplateMaker.class);
    private static final Optional<SealedMemory> NOTHING = Optional.empty();

    private final QemuConfiguration configuration;
    private final QemuLauncher launcher;
    private final Rule rule;
    private final InstantSource clock;
    private final RandomGenerator random;

    /// Whether copies of a machine have its memory in common.
    interface Rule {
        boolean shared(long mebiBytes);
    }

    TemplateMaker(
            QemuConfiguration configuration,
            QemuLauncher launcher,
            Rule rule,
            InstantSource clock,
            RandomGenerator random) {
        this.configuration = configuration;
        this.launcher = launcher;
        this.rule = rule;
        this.clock = clock;
        this.random = random;
    }

    /// Whether a machine of that id is to become a template, and so is nobody's.
    static boolean makes(String id) {
        return id.startsWith(PREFIX);
    }

    /// @throws MachineException when the machine does not boot
    Template make(Template.Key key) throws IOException, InterruptedException {
        var id = PREFIX + HexFormat.of().toHexDigits(random.nextLong());
        var devices = SealedMemory.create("mp-template");
        var files = new ArrayList<SealedMemory>(List.of(devices));
        var complete = false;
        try {
            var memory = rule.shared(key.memoryMebiBytes()) ? memory(key) : NOTHING;
            memory.ifPresent(file -> files.add(0, file));
            boot(id, key, memory.map(SealedMemory::path), devices);
            if (!configuration.programs().equals(key.programs())) {
                throw new IOException("kernel, guest or QEMU were replaced meanwhile");
            }
            if (memory.isPresent()) {
                // Whatever the machine gave back.
                memory.get().allocate(bytes(key));
            }
            for (var file : files) {
                file.seal();
            }
            complete = true;
            return new Template(files, saved(id, key, memory, devices), clock.instant());
        } finally {
            if (!complete) {
                files.forEach(SealedMemory::close);
            }
        }
    }

    /// All of it is this process' before any machine has it, and its size is fixed.
    private static Optional<SealedMemory> memory(Template.Key key) throws IOException {
        var memory = SealedMemory.create("mp-template-memory");
        try {
            memory.allocate(bytes(key));
            memory.fixSize();
            return Optional.of(memory);
        } catch (KernelException e) {
            memory.close();
            LOG.warn("copies of a {} will share no memory: {}", key, e.getMessage());
            return NOTHING;
        }
    }

    private static long bytes(Template.Key key) {
        return QemuCommand.memoryMebiBytes(key.memoryMebiBytes()) << 20;
    }

    private static Saved saved(
            String id, Template.Key key, Optional<SealedMemory> memory, SealedMemory devices) {
        return memory.<Saved>map(file ->
                        new Saved.Apart(
                                file.path(),
                                devices.path(),
                                new SharedMemory(
                                        id, QemuCommand.memoryMebiBytes(key.memoryMebiBytes()))))
                .orElseGet(() -> new Saved.Whole(devices.path()));
    }

    private void boot(String id, Template.Key key, Optional<Path> memory, SealedMemory saved)
            throws IOException, InterruptedException {
        var files = MachineFiles.of(configuration, id);
        PrivateFiles.ensureFolder(files.run());
        var socket = files.run().resolve("saved.sock");
        try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));
            // Only the jail shows it to anybody: the folder is closed.
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
            var origin = new QemuOrigin.Original(socket, memory);
            var machine = launcher.launch(machine(id, key), origin, share(key));
            try {
                awaitGuest(machine);
                save(machine, server, origin, saved);
            } finally {
                machine.destroy(Duration.ZERO);
            }
        }
    }

    /// Under KVM a small weight is no small quota, by which it would not boot in time.
    static Share share(Template.Key key) {
        return new Share(WEIGHT, key.processors() * ONE_PROCESSOR);
    }

    private static MachineConfiguration machine(String id, Template.Key key) {
        return new MachineConfiguration(
                id,
                key.processors() * ONE_PROCESSOR,
                key.memoryMebiBytes(),
                QemuLauncher.SHARED_SCRATCH_BYTES,
                List.of(),
                Optional.of(NO_NETWORK));
    }

    private static void awaitGuest(QemuMachine machine) throws IOException, InterruptedException {
        var deadline = System.nanoTime() + BOOT_LIMIT.toNanos();
        while (!machine.asked(Migration::guestListens)) {
            if (!machine.alive() || System.nanoTime() - deadline > 0) {
                throw new MachineException(
                        "its guest does not listen: " + lastLine(machine.consoleTail()));
            }
            TimeUnit.NANOSECONDS.sleep(LOOK.toNanos());
        }
        TimeUnit.NANOSECONDS.sleep(SETTLING.toNanos());
    }

    private static String lastLine(String console) {
        return console.strip().lines().reduce((_, last) -> last).orElse("it said nothing");
    }

    private static void save(
            QemuMachine machine,
            ServerSocketChannel server,
            QemuOrigin.Original origin,
            SealedMemory saved)
            throws IOException, InterruptedException {
        var received = new CompletableFuture<Long>();
        var receiver =
                Thread.ofVirtual()
                        .name("save " + machine.id())
                        .start(() -> {
                            try {
                                received.complete(receive(server, saved.path()));
                            } catch (IOException e) {
                                received.completeExceptionally(e);
                            }
                        });
        try {
            machine.asked(qmp -> Migration.save(qmp, origin.savedTo(), origin.memoryKind()));
            received.get(SAVE_LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IOException("cannot receive what is saved: " + e.getCause(), e);
        } catch (TimeoutException e) {
            throw new IOException("it was not saved in time", e);
        } finally {
            receiver.interrupt();
        }
    }

    private static long receive(ServerSocketChannel server, Path target) throws IOException {
        try (var source = server.accept();
                var file = FileChannel.open(target, StandardOpenOption.WRITE)) {
            var buffer = ByteBuffer.allocate(1 << 20);
            var total = 0L;
            while (source.read(buffer) >= 0) {
                buffer.flip();
                total += buffer.remaining();
                if (total > MOST_BYTES) {
                    throw new IOException("it is larger than " + MOST_BYTES + " bytes");
                }
                while (buffer.hasRemaining()) {
                    file.write(buffer);
                }
                buffer.clear();
            }
            return total;
        } catch (AsynchronousCloseException e) {
            throw new IOException("nothing was sent", e);
        }
    }

    /// The same device as its copies have, and nobody to talk to.
    private static final Hypervisor.TapDevice NO_NETWORK =
            new Hypervisor.TapDevice("", "", "02:00:00:00:00:00");
}
