using FluentAssertions;
using ViSurf.Core.Common;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Common;

/// <summary>The switches that TorchSharp does not bind. They are the process's, so each test leaves them as they are by default.</summary>
[Collection(Alone.Name)]
public sealed class TorchContextTests
{
    [Fact]
    public void Deterministic_algorithms_are_on_until_they_are_turned_off()
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            TorchBackend.UseDeterministicAlgorithms();
            TorchContext.UsesDeterministicAlgorithms.Should().BeTrue();
            using (TorchContext.Relaxed()) TorchContext.UsesDeterministicAlgorithms.Should().BeFalse("what libtorch refuses although its order is fixed may run");
            TorchContext.UsesDeterministicAlgorithms.Should().BeTrue();
        }
        finally
        {
            TorchBackend.UseDeterministicAlgorithms(false);
        }
        TorchContext.UsesDeterministicAlgorithms.Should().BeFalse();
        using (TorchContext.Relaxed()) TorchContext.UsesDeterministicAlgorithms.Should().BeFalse();
        TorchContext.UsesDeterministicAlgorithms.Should().BeFalse("a relaxation turns nothing on that was off");
    }

    [Fact]
    public void Attention_by_cuDNN_can_be_turned_off_and_on()
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            TorchBackend.UseCuDnnAttention(false).Should().BeTrue();
            TorchContext.UsesCuDnnAttention.Should().BeFalse();
        }
        finally
        {
            TorchBackend.UseCuDnnAttention(true);
        }
        TorchContext.UsesCuDnnAttention.Should().BeTrue();
    }

    [Theory]
    [InlineData(":4096:8", true, null)]
    [InlineData(":16:8", true, null)]
    [InlineData(":0:0", false, "*CUBLAS_WORKSPACE_CONFIG=:4096:8*got ':0:0'*")]
    [InlineData(null, true, "*got a process in which CUDA has started without it. Start the process with CUBLAS_WORKSPACE_CONFIG=:4096:8*")]
    public void A_workspace_of_cuBLAS_that_is_not_fixed_is_refused_with_the_line_to_set(string? value, bool started, string? refusal)
    {
        if (refusal is null) CublasWorkspace.Refusal(value, started).Should().BeNull();
        else CublasWorkspace.Refusal(value, started).Should().Match(refusal);
    }
}
