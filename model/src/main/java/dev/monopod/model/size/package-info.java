/// Provisioned sizes: EKS Fargate's table and the arithmetic that leads to a row of it. Pure:
/// depends on nothing but the JDK.
@NullMarked
package dev.monopod.model.size;

import org.jspecify.annotations.NullMarked;
