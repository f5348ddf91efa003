using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Benchmarks.Launches;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Architecture;

/// <summary>
/// The way of a rollout on torch's meta device, where tensors have a shape and no numbers: an operator whose operands are on two devices
/// throws there, and so does whatever reads a number, so what passes here neither mixes devices on CUDA nor waits for one.
/// </summary>
public sealed class MetaDeviceTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public MetaDeviceTests() => MetaKernels.Register();

    public static TheoryData<string, bool> Families
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (var family in new[] { "qwen2_vl", "qwen2_5_vl", "qwen2_5_vl_tied", "qwen3_vl" })
                foreach (var lora in new[] { false, true }) data.Add(family, lora);
            return data;
        }
    }

    public void Dispose() => _scope.Dispose();

    [Theory]
    [MemberData(nameof(Families))]
    public void A_rollout_from_prompts_to_drawn_tokens(string family, bool lora)
    {
        using var policy = Load(family);
        using var adapter = lora ? LoraAdapter.Attach(policy, new LoraConfig { TargetModules = ModuleSelection.AllLinear }) : null;
        using var noGrad = no_grad();
        using var golden = new GoldenCase(family, 0);
        using var later = new GoldenCase(family, 1);
        using var session = policy.Decode(golden.Prompts, copies: 3, maxNewTokens: 4);
        var selector = new TokenSelector(new SamplingOptions { SuppressedIds = [1, 2], TopP = 0.9, TopK = 5, MinP = 0.01 });
        var logits = session.Next(null);
        var (ids, logProbs) = selector.Select(logits, zeros([3], ScalarType.Float64, META));
        logits = session.Next(ids);
        session.Keep([0, 2]);
        session.Admit(later.Prompts);
        logits = session.Next(zeros([2], ScalarType.Int64, META));
        logits.shape.Should().Equal(5, policy.Config.Text.VocabularySize);
        session.Next(zeros([5], ScalarType.Int64, META)).device_type.Should().Be(DeviceType.META);
        logProbs.device_type.Should().Be(DeviceType.META);
        MetaKernels.Problems.Should().BeEmpty();
    }

    private static QwenVlPolicy Load(string family)
        => QwenVlPolicy.FromDirectory(Fixtures.PathOf(family), new QwenVlOptions { Device = META, Type = ScalarType.BFloat16 });
}
