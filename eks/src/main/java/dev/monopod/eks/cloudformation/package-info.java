/// As much of CloudFormation as tools for EKS ask before they begin.
@NullMarked
package dev.monopod.eks.cloudformation;

import org.jspecify.annotations.NullMarked;
