/// AWS' query protocol: a form with an `Action`, answered with XML. STS and CloudFormation speak
/// it.
@NullMarked
package dev.monopod.eks.query;

import org.jspecify.annotations.NullMarked;
