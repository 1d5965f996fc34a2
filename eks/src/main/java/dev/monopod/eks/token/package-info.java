/// Tokens of `aws eks get-token`: whether one is good, and whose it is, told without asking AWS.
@NullMarked
package dev.monopod.eks.token;

import org.jspecify.annotations.NullMarked;
