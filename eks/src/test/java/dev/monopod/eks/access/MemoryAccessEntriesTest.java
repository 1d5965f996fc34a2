package dev.monopod.eks.access;

final class MemoryAccessEntriesTest extends AccessEntriesContract {
    private final AccessEntries entries = new MemoryAccessEntries();

    @Override
    AccessEntries entries() {
        return entries;
    }
}
