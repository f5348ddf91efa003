using System.Runtime.Intrinsics;
using FluentAssertions;
using ViSurf.Core.Models.Kernels;
using Xunit;

namespace ViSurf.Core.Tests.Models.Kernels;

/// <summary>
/// <c>DOTNET_EnableAVX512=0 dotnet test --filter …Models.Kernels</c> runs the kernels as on a processor that has AVX2 and nothing wider; CI
/// does so.
/// </summary>
public sealed class InstructionSetTests
{
    private const string Variable = "DOTNET_EnableAVX512";

    [Fact]
    public void With_AVX_512_switched_off_the_loops_are_those_of_AVX2()
    {
        if (Environment.GetEnvironmentVariable(Variable) != "0") return;
        Vector512.IsHardwareAccelerated.Should().BeFalse($"{Variable} is 0; a runtime that does not know it would test the wide loops twice");
        HostMemory.IsSupported.Should().BeTrue("AVX2 stays on");
    }
}
