using System.Text.RegularExpressions;
using FluentAssertions;
using Xunit;

namespace ViSurf.Core.Tests.Architecture;

/// <summary>
/// What would go wrong, or slow, on a GPU only: a tensor that is made on no device in particular goes wherever <c>set_default_device</c>
/// points, and a number that is read makes the host wait for the device.
/// </summary>
public sealed partial class CudaReadinessTests
{
    // File, what reads, how often, and why it may.
    private static readonly (string File, string Read, int Times, string Why)[] Allowed =
    [
        ("Rollouts/DecodeLoop.cs", ".cpu()", 1, "once a block of tokens: rows that have ended leave"),
        ("Rollouts/DecodeLoop.cs", ".data<", 1, "of what has just come over"),
        ("Models/QwenVl/Groups/GroupLayout.cs", ".data<", 3, "ids and masks of a batch, which the collator makes on the CPU"),
        ("Models/Kernels/HostMemory.cs", ".bytes", 2, "loops over host memory: it refuses a tensor that is elsewhere"),
        ("Models/Layers/HeadScores.cs", ".data<", 1, "once a score, in float32: an id outside the vocabulary is refused, where the loops would read beside the row"),
        ("Models/Images/QwenImageProcessor.cs", ".bytes", 1, "pictures become patches on the CPU"),
        ("Models/Weights/SafeTensorsReader.cs", ".bytes", 3, "files: read into host memory"),
        ("Models/Weights/SafeTensorsWriter.cs", ".bytes", 1, "files: written from host memory"),
        ("Models/Weights/PieceByPiece.cs", ".cpu()", 1, "a tensor is compared with a file's, when a checkpoint is saved"),
        ("Models/Weights/PieceByPiece.cs", ".item<", 1, "of that comparison"),
        ("Training/ScalarLedger.cs", ".cpu()", 1, "all numbers of an update in one transfer"),
        ("Training/ScalarLedger.cs", ".data<", 1, "of what has just come over"),
        ("Training/RewardKl.cs", ".cpu()", 1, "once a step: a KL term of the reward is a number of the managed wing"),
        ("Training/RewardKl.cs", ".data<", 1, "of what has just come over"),
        ("Training/FrozenScores.cs", ".masked_select(", 1, "once a micro-batch, and only with TrainerParts.Focus: a quantile over all of a step's tokens"),
        ("Training/Checkpoints/ModelShape.cs", ".cpu()", 1, "once a run, when it is saved or resumed"),
        ("Training/Checkpoints/ModelShape.cs", ".data<", 1, "of what has just come over"),
    ];

    private static SourceFile[] Files { get; }
        = [.. SourceFile.All().Where(f => f.Path.StartsWith("ViSurf.Core/", StringComparison.Ordinal))];

    [Fact]
    public void Every_tensor_is_made_on_a_device_that_is_named()
        => Files.SelectMany(file => Homeless(file.Code).Select(call => $"{file}: {call}")).Should().BeEmpty();

    [Fact]
    public void A_tensor_without_a_device_would_be_found()
    {
        Homeless("var x = tensor(rows.Select(r => (long)r).ToArray()).to(device);").Should().Equal("tensor(rows.Select(r => (long)r).ToArray())");
        Homeless("zeros([]) + torch.ones([2, (n)], ScalarType.Bool)").Should().Equal("zeros([])", "ones([2, (n)], ScalarType.Bool)");
        Homeless("tensor(rows, device: module.Device); empty([n], type, CPU); x.new_zeros(3); zeros(x.shape, x.dtype, x.device); Zeros(); ScalarOps.Range(n, device)").Should().BeEmpty();
        Homeless("ones_like(x); public static Tensor tensor; random.Uniform(shape)").Should().BeEmpty();
    }

    [Fact]
    public void Values_are_read_only_where_a_reason_stands()
    {
        var found = Files.SelectMany(file => Reads().Matches(file.Code).Select(m => (File: file.Path["ViSurf.Core/".Length..], Read: m.Value)))
            .GroupBy(read => read).Select(g => (g.Key.File, g.Key.Read, Times: g.Count()));
        // Both ways: a read that no reason covers, and a reason that covers nothing any more.
        found.Should().BeEquivalentTo(Allowed.Select(a => (a.File, a.Read, a.Times)));
    }

    /// <summary>Calls that make a tensor and name no device.</summary>
    private static IEnumerable<string> Homeless(string code)
        => Factories().Matches(code).Select(m => m.Value + Arguments(code, m.Index + m.Length)).Where(call => !Device().IsMatch(call));

    /// <summary>From behind an opening bracket to the one that closes it.</summary>
    private static string Arguments(string code, int start)
    {
        var (depth, end) = (1, start);
        for (; end < code.Length && depth > 0; end++) depth += code[end] switch { '(' => 1, ')' => -1, _ => 0 };
        return code[start..end];
    }

    [GeneratedRegex(@"(?<=(^|[^\w.]|\btorch\.))(tensor|ScalarOps\.Range|scalar_tensor|zeros|ones|empty|empty_strided|full|arange|linspace|eye|rand|randn|randint|randperm|from_array|frombuffer)\(",
        RegexOptions.Multiline)]
    private static partial Regex Factories();

    [GeneratedRegex(@"\b[dD]evice\b|\bCPU\b")]
    private static partial Regex Device();

    [GeneratedRegex(@"\.item<|\.cpu\(\)|\.To(Single|Int32|Int64|Boolean)\(\)|\.data<|\.tolist\(|\.nonzero\(|\.masked_select\(|\.bytes\b|\.ReadCpu\w*\(|\.unique\(|\.equal\(|\.synchronize\(")]
    private static partial Regex Reads();
}
