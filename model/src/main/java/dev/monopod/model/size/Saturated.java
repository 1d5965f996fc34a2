package dev.monopod.model.size;

import java.math.BigDecimal;
import java.math.RoundingMode;

/// Arithmetic on never negative numbers that cannot overflow: a pod may ask for absurd amounts.
final class Saturated {
    private Saturated() {}

    static long add(long left, long right) {
        var sum = left + right;
        return sum < 0 ? Long.MAX_VALUE : sum;
    }

    /// `value / unit` with at most three decimals and no trailing zeros.
    static String decimal(long value, long unit) {
        return BigDecimal.valueOf(value)
                .divide(BigDecimal.valueOf(unit), 3, RoundingMode.HALF_UP)
                .stripTrailingZeros()
                .toPlainString();
    }
}
