using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Common.Aten;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Architecture;

/// <summary>
/// TorchSharp frees the native scalar it makes of a number when a garbage collection comes during the call that reads it. So the library
/// must not call what makes such scalars: it has <see cref="ScalarOps"/>, where they live long enough.
/// </summary>
public sealed class ScalarLifetimeTests
{
    private static readonly Lazy<HashSet<string>> Hazards = new(FindHazards);

    [Fact]
    public void Numbers_meet_tensors_in_one_file_only()
        => CallScanner.Calls(typeof(Guard).Assembly)
            .Where(call => Hazards.Value.Contains(call.Callee) && !call.Caller.StartsWith(nameof(ScalarOps) + "::", StringComparison.Ordinal))
            // A script makes scalars of the numbers that it is given; this gives it tensors alone.
            .Where(call => !call.Caller.StartsWith(nameof(ScriptOperator) + "::", StringComparison.Ordinal))
            .Select(call => $"{call.Caller} calls {call.Callee}")
            .Should().BeEmpty("use the methods of ScalarOps (x.Plus(y), x.Times(0.5), …) instead of operators and implicit scalars");

    /// <summary>Tests run beside each other, so a collection may come during any call of theirs.</summary>
    [Fact]
    public void Nor_do_tests_make_such_scalars()
        => CallScanner.Calls(typeof(ScalarLifetimeTests).Assembly)
            .Where(call => Hazards.Value.Contains(call.Callee) && !call.Caller.StartsWith(nameof(Scalars) + "::", StringComparison.Ordinal))
            .Select(call => $"{call.Caller} calls {call.Callee}")
            .Should().Equal([], "use ScalarOps (x.Plus(y), x.Times(0.5), …), or Scalars.Of(0.5) where a scalar is asked for");

    [Theory]
    [InlineData("Tensor::op_Addition(Tensor, Tensor)")]      // its factor of 1 is a scalar
    [InlineData("Tensor::op_Multiply(Tensor, Double)")]
    [InlineData("Tensor::square()")]
    [InlineData("Scalar::op_Implicit(Double)")]
    public void What_TorchSharp_makes_scalars_in_is_known(string hazard) => Hazards.Value.Should().Contain(hazard);

    [Theory]
    [InlineData("Tensor::op_Multiply(Tensor, Tensor)")]
    [InlineData("Tensor::add(Tensor, Scalar)")]
    public void What_makes_no_scalar_is_allowed(string harmless) => Hazards.Value.Should().NotContain(harmless);

    [Fact]
    public void Arithmetic_survives_collections_at_every_moment()
    {   // x + x → 2, · 2 → 4, clamp to [0, 3] → 3, − 1 → 2. With operators this fails within a few ten thousand rounds.
        using var done = new CancellationTokenSource();
        var collector = new Thread(() =>
        {
            while (!done.IsCancellationRequested)
            {
                GC.Collect(0);
                GC.WaitForPendingFinalizers();
            }
        });
        collector.Start();
        try
        {
            using var x = torch.ones(2);
            for (var round = 0; round < 20_000; round++)
            {
                using var scope = torch.NewDisposeScope();
                x.Plus(x).Times(2.0).Between(0, 3).Minus(1).sum().item<float>().Should().Be(4);
            }
        }
        finally
        {
            done.Cancel();
            collector.Join();
        }
    }

    /// <summary>Everything in TorchSharp that turns a number into a scalar, or calls something that does.</summary>
    private static HashSet<string> FindHazards()
    {
        var calls = CallScanner.Calls(typeof(torch).Assembly);
        var hazards = calls.Select(call => call.Callee).Where(IsScalarMaker).ToHashSet();
        for (var known = 0; known < hazards.Count;)
        {
            known = hazards.Count;
            hazards.UnionWith(calls.Where(call => hazards.Contains(call.Callee)).Select(call => call.Caller).ToArray());
        }
        return hazards;
    }

    private static bool IsScalarMaker(string method)
        => method.StartsWith("Scalar::op_Implicit(", StringComparison.Ordinal) || method.StartsWith("ScalarExtensionMethods::ToScalar(", StringComparison.Ordinal);
}
