package dev.monopod.agent.pod.scope;

import dev.monopod.host.guest.GuestChannel;
import dev.monopod.host.image.ImageStore.ResolvedImage;
import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import dev.monopod.protocol.guest.ContainerUser;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The machine of one pod, as far as it is up: the virtual machine, the channel to its guest, its
/// images and the order of its disks. Thread-safe.
public final class MachineHandle {
    private static final int MOST_GROUPS = 1024;

    private final String pod;
    private volatile Optional<VirtualMachine> vm = Optional.empty();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition opened = lock.newCondition();
    private volatile Optional<GuestChannel> channel = Optional.empty();
    private final Map<String, ResolvedImage> images = new ConcurrentHashMap<>();
    private final Map<String, ContainerUser> users = new ConcurrentHashMap<>();
    private volatile List<Path> disks = List.of();
    private volatile long memoryBytes;

    /// @param pod name of the pod, for messages
    /// @param memoryBytes of the machine, until the guest tells what is left of them
    public MachineHandle(String pod, long memoryBytes) {
        this.pod = pod;
        this.memoryBytes = memoryBytes;
    }

    public Optional<VirtualMachine> vm() {
        return vm;
    }

    public void started(VirtualMachine machine) {
        vm = Optional.of(machine);
    }

    /// There is no machine any more, and another may start.
    public void stopped() {
        disconnect();
        channel = Optional.empty();
        vm = Optional.empty();
    }

    public Optional<GuestChannel> channel() {
        return channel;
    }

    /// @throws IllegalStateException before the guest answered
    public GuestChannel guest() {
        return channel.orElseThrow(() -> new IllegalStateException("machine is not up: " + pod));
    }

    /// As [#guest], after a wait for the channel: an agent that has just begun takes up a machine
    /// that runs within seconds.
    ///
    /// @throws IllegalStateException when there is none in time
    public GuestChannel awaitGuest(Duration patience) throws InterruptedException {
        lock.lock();
        try {
            var left = patience.toNanos();
            while (channel.isEmpty() && left > 0) {
                left = opened.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
        return guest();
    }

    public void opened(GuestChannel to) {
        lock.lock();
        try {
            channel = Optional.of(to);
            opened.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Closes the channel, if there is one. The machine runs on.
    public void disconnect() {
        channel.ifPresent(GuestChannel::close);
    }

    /// Resolved images, by container or by the key of their volume.
    public Map<String, ResolvedImage> images() {
        return images;
    }

    /// @throws IllegalStateException before it is resolved
    public ResolvedImage image(String key) {
        var image = images.get(key);
        if (image == null) {
            throw new IllegalStateException("image of " + key + " is not resolved");
        }
        return image;
    }

    /// Who the containers run as, by name, as far as the guest has told.
    public Map<String, ContainerUser> users() {
        return Map.copyOf(users);
    }

    /// Takes in who a container of the pod runs as; of its groups those that a status has room for.
    public void runsAs(String container, ContainerUser user) {
        users.put(
                container,
                user.getGroupsCount() <= MOST_GROUPS
                        ? user
                        : user.toBuilder()
                                .clearGroups()
                                .addAllGroups(user.getGroupsList().subList(0, MOST_GROUPS))
                                .build());
    }

    public List<Path> disks() {
        return disks;
    }

    /// Fixes the order of the disks, each distinct one once; an order that was fixed before stays.
    public List<Path> arrange(Collection<Path> wanted) {
        if (disks.isEmpty()) {
            disks = wanted.stream().distinct().toList();
        }
        return disks;
    }

    /// Slot of the image in the guest; 0 is the scratch disk. An image that came later is put into
    /// a spare one.
    ///
    /// @throws dev.monopod.host.machine.MachineException when no slot is free
    public int slot(String key) {
        return slot(image(key).disk());
    }

    /// Slot of a disk that is no image.
    public int slot(Path disk) {
        var index = disks.indexOf(disk);
        return index >= 0 ? index + 1 : vm.orElseThrow().insertDisk(disk);
    }

    public long memoryBytes() {
        return memoryBytes;
    }

    /// A guest has at most what its machine was given, and some of that.
    public void memoryTold(long bytes) {
        if (bytes > 0 && bytes <= memoryBytes) {
            memoryBytes = bytes;
        }
    }
}
