package dev.monopod.host.machine;

import dev.monopod.host.file.PrivateFiles;
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
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;

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

    private final QemuConfiguration configuration;
    private final QemuLauncher launcher;
    private final InstantSource clock;
    private final RandomGenerator random;

    TemplateMaker(
            QemuConfiguration configuration,
            QemuLauncher launcher,
            InstantSource clock,
            RandomGenerator random) {
        this.configuration = configuration;
        this.launcher = launcher;
        this.clock = clock;
        this.random = random;
    }

    /// Whether a machine of that id is to become a template, and so is nobody's.
    static boolean makes(String id) {
        return id.startsWith(PREFIX);
    }

    /// @throws MachineException when the machine does not boot
    Template make(Template.Key key) throws IOException, InterruptedException {
        var saved = SealedMemory.create("mp-template");
        var complete = false;
        try {
            boot(key, saved);
            if (!configuration.programs().equals(key.programs())) {
                throw new IOException("kernel, guest or QEMU were replaced meanwhile");
            }
            saved.seal();
            complete = true;
            return new Template(saved, clock.instant());
        } finally {
            if (!complete) {
                saved.close();
            }
        }
    }

    private void boot(Template.Key key, SealedMemory saved)
            throws IOException, InterruptedException {
        var id = PREFIX + HexFormat.of().toHexDigits(random.nextLong());
        var files = MachineFiles.of(configuration, id);
        PrivateFiles.ensureFolder(files.run());
        var socket = files.run().resolve("saved.sock");
        try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));
            // Only the jail shows it to anybody: the folder is closed.
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
            var origin = new QemuOrigin.Original(socket);
            var machine = launcher.launch(machine(id, key), origin, share(key));
            try {
                awaitGuest(machine);
                save(machine, server, socket, saved);
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
            QemuMachine machine, ServerSocketChannel server, Path socket, SealedMemory saved)
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
            machine.asked(qmp -> Migration.save(qmp, socket));
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
