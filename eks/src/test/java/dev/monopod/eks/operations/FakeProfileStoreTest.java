package dev.monopod.eks.operations;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.FargateProfileSpec;
import dev.monopod.kube.mapping.Profiles;
import java.util.Map;

final class FakeProfileStoreTest extends ProfileStoreContract {
    private final FakeProfileStore store = new FakeProfileStore();

    @Override
    ProfileStore store() {
        return store;
    }

    @Override
    void apply(String objectName, FargateProfileSpec spec) {
        store.apply(objectName, spec, Map.of());
    }

    @Override
    void remove(FargateProfile profile) {
        store.remove(Profiles.name(profile));
    }
}
