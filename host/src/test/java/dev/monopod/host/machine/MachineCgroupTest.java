package dev.monopod.host.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.host.machine.Hypervisor.Accelerator;
import dev.monopod.host.machine.MachineCgroup.Share;
import org.junit.jupiter.api.Test;

/// What a machine gets of the processors.
final class MachineCgroupTest {
    @Test
    void sizeIsALimitUnderKvmAndAWeightWhereMachinesAreEmulated() {
        var quarter = Share.of(250);
        assertThat(MachineCgroup.limits(quarter, 512, Accelerator.KVM).mostMilliCpu())
                .hasValue(250);
        assertThat(MachineCgroup.limits(quarter, 512, Accelerator.TCG).mostMilliCpu()).isEmpty();
        assertThat(MachineCgroup.limits(quarter, 512, Accelerator.TCG).milliCpu()).isEqualTo(250);
    }

    @Test
    void machineThatBecomesATemplateYieldsToOthersAndBootsAtFullSpeedIfThereAreNone() {
        var share = TemplateMaker.share(new Template.Key(2, 512, "programs"));
        var limits = MachineCgroup.limits(share, 512, Accelerator.KVM);
        assertThat(limits.milliCpu()).isLessThan(10);
        assertThat(limits.mostMilliCpu()).hasValue(2000);
    }
}
