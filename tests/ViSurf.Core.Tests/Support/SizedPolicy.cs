using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.QwenVl.Decoding;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Support;

/// <summary>A decoder of any depth without a checkpoint, the same random weights for both ways through it.</summary>
internal sealed class SizedPolicy : IPolicy, IDisposable
{
    public const int Vocabulary = 272;
    private readonly QwenVlModule _module;
    private readonly long _mostCopied;

    public SizedPolicy(string family, int layers, ScalarType type, bool fused, long mostCopied = JoinedCache.MostCopied)
    {
        _mostCopied = mostCopied;
        var text = new QwenTextConfig
        {
            VocabularySize = Vocabulary, HiddenSize = 64, IntermediateSize = 160, Layers = layers, Heads = 6, KeyValueHeads = 2, HeadSize = 16, RopeSection = [],
        };
        _module = new QwenVlModule(new QwenVlConfig { ModelType = family, Text = text, Vision = null }, type, TestDevice.Value);
        using var noGrad = no_grad();
        using var random = new Generator(5, CPU);
        foreach (var (_, parameter) in _module.Names.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            using var scope = NewDisposeScope();
            var drawn = randn(parameter.shape, ScalarType.Float32, CPU, generator: random);
            parameter.copy_(parameter.dim() == 1 ? drawn.Times(0.1).Plus(1) : drawn.Times(0.1));
        }
        _module.Fuse(fused);
    }

    public nn.Module Module => _module;

    /// <summary>Prompts of some lengths.</summary>
    public static PromptBatch Prompts(params int[] lengths)
        => Collator.Prompts([.. lengths.Select((n, i) => new EncodedPrompt(
            VisionExample.Ask($"{i}", "?", null), [.. Enumerable.Range(0, n).Select(t => (7 * t + i) % Vocabulary)], [], null))]);

    public TokenScores Score(SequenceBatch batch) => throw new NotSupportedException();

    public IDecodeSession Decode(PromptBatch prompts, int copies, int maxNewTokens)
    {
        var session = new QwenVlDecodeSession(_module, copies, maxNewTokens, _mostCopied);
        session.Admit(prompts);
        return session;
    }

    public void Dispose() => _module.Dispose();
}
